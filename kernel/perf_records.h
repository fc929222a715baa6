#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "common/base/clock.h"
#include "common/process/stack_snapshot.h"

// The records that events of perf_attributes.h make, as parsed from a ring. Layouts: linux/perf_event.h, enum
// perf_event_type. Spans and texts point into the record. Any bytes may be parsed.
namespace rtprof::kernel {

// Who and when: at the beginning of a sample, at the end of every other record. Ids are those of the pid
// namespace of whoever opened the event: 0 for a thread that is not visible there (and the idle threads), -1
// for one that has just ended.
struct RecordId {
  pid_t pid = 0;
  pid_t tid = 0;
  TimePoint time = 0;
  uint64_t event =
      0;  // of the event that was opened, for all that inherited it; ids grow as events are opened
  uint32_t cpu = 0;
};

struct SampleRecord {
  RecordId id;
  bool in_kernel = false;                      // the thread was in the kernel
  Address pc = 0;                              // there, or in the program
  uint64_t period = 0;                         // in units of the event
  std::span<const uint64_t> kernel_callchain;  // leaf first
  std::span<const uint64_t> user_callchain;    // leaf first, by frame pointers
  // In user space. Nothing for a kernel thread and for one that runs 32-bit code.
  std::optional<StackSnapshot> user;
};

// Records that found no room in the ring before this one.
struct LostRecord {
  RecordId id;
  uint64_t count = 0;
};

// Code was mapped.
struct MappingRecord {
  RecordId id;
  Address start = 0;
  uint64_t size = 0;
  uint64_t offset = 0;
  uint64_t device = 0;  // makedev(major, minor)
  uint64_t inode = 0;
  uint32_t protection = 0;  // PROT_*
  std::string_view path;
};

struct NameRecord {
  RecordId id;
  bool exec = false;  // because the process became another program
  std::string_view name;
};

// A thread began or ended.
struct TaskRecord {
  RecordId id;
  bool began = false;
  pid_t pid = 0;
  pid_t parent_pid = 0;
  pid_t tid = 0;
  pid_t parent_tid = 0;
};

// A thread got a CPU, or left it.
struct SwitchRecord {
  RecordId id;  // of that thread
  bool out = false;
  bool preempted = false;  // it left though it could have run on
};

// The kernel stopped an event that interrupted too often, or let it go on.
struct ThrottleRecord {
  RecordId id;
  bool stopped = false;
};

// monostate: a whole record of another type.
using PerfRecord = std::variant<std::monostate, SampleRecord, LostRecord, MappingRecord, NameRecord,
                                TaskRecord, SwitchRecord, ThrottleRecord>;

// What the events ask for beyond what all samples have.
struct RecordFormat {
  bool callchain = false;   // PERF_SAMPLE_CALLCHAIN
  bool user_stack = false;  // PERF_SAMPLE_REGS_USER of user_register_mask(), and PERF_SAMPLE_STACK_USER
};

// `record` is a header and what follows, at least as long as the header says. Nothing when it is not whole.
std::optional<PerfRecord> parse_perf_record(std::span<const uint64_t> record, const RecordFormat& format);

// Who and when of a record of type PERF_RECORD_SAMPLE; nothing when it is of another, or not whole.
std::optional<RecordId> id_of_perf_sample(std::span<const uint64_t> record);

// The time alone; 0 when the record is not whole.
TimePoint time_of_perf_record(std::span<const uint64_t> record);

}  // namespace rtprof::kernel
