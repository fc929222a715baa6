#include "kernel/perf_records.h"

#include <linux/perf_event.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "kernel/perf_attributes.h"

namespace rtprof::kernel {
namespace {

using Words = std::span<const uint64_t>;

// IP, TID, TIME, ID, CPU, PERIOD.
constexpr size_t kSampleTimeWord = 3;
// TID, TIME, ID, CPU, at the end.
constexpr size_t kTrailerWords = 4;
constexpr size_t kTrailerTimeFromEnd = 3;

uint32_t low(uint64_t word) {
  return static_cast<uint32_t>(word);
}
uint32_t high(uint64_t word) {
  return static_cast<uint32_t>(word >> 32);
}
pid_t low_id(uint64_t word) {
  return static_cast<pid_t>(low(word));
}
pid_t high_id(uint64_t word) {
  return static_cast<pid_t>(high(word));
}

perf_event_header header_of(Words record) {
  return std::bit_cast<perf_event_header>(record[0]);
}

// The words of the record by its header; empty when there are fewer.
Words whole(Words record) {
  if (record.empty()) return {};
  size_t size = header_of(record).size;
  if (size < sizeof(uint64_t) || size % sizeof(uint64_t) != 0) return {};
  return size / sizeof(uint64_t) <= record.size() ? record.first(size / sizeof(uint64_t)) : Words{};
}

// Takes words off the front; once there are too few, nothing more.
class Reader {
 public:
  explicit Reader(Words words) : words_(words) {}

  bool ok() const { return ok_; }
  uint64_t word() {
    Words one = take(1);
    return one.empty() ? 0 : one[0];
  }
  Words take(uint64_t count) {
    if (!ok_ || count > words_.size()) {
      ok_ = false;
      return {};
    }
    Words taken = words_.first(count);
    words_ = words_.subspan(count);
    return taken;
  }
  // A text that ends at a zero byte, or with the words.
  std::string_view text() {
    const char* begin = reinterpret_cast<const char*>(words_.data());
    return {begin, ::strnlen(begin, words_.size_bytes())};
  }

 private:
  Words words_;
  bool ok_ = true;
};

RecordId read_id(Reader& reader) {
  RecordId id;
  uint64_t thread = reader.word();
  id.pid = low_id(thread);
  id.tid = high_id(thread);
  id.time = static_cast<TimePoint>(reader.word());
  id.event = reader.word();
  id.cpu = low(reader.word());
  return id;
}

// Context markers are the topmost addresses; the entries after one are of its context.
bool is_marker(uint64_t entry) {
  return entry >= static_cast<uint64_t>(PERF_CONTEXT_MAX);
}

Words part_of_callchain(Words chain, uint64_t marker) {
  auto begin = std::find(chain.begin(), chain.end(), marker);
  if (begin == chain.end()) return {};
  ++begin;
  return {begin, std::find_if(begin, chain.end(), is_marker)};
}

// Where asm/perf_regs.h's registers of user_register_mask(), in the order of their bits, go.
constexpr std::array<uint8_t, Registers::kCount> kRegisterOrder{
    Registers::kRax,    Registers::kRbx,    Registers::kRcx,    Registers::kRdx,    Registers::kRsi,
    Registers::kRdi,    Registers::kRbp,    Registers::kRsp,    Registers::kRip,    Registers::kR8,
    Registers::kR8 + 1, Registers::kR8 + 2, Registers::kR8 + 3, Registers::kR8 + 4, Registers::kR8 + 5,
    Registers::kR8 + 6, Registers::kR15};

std::optional<StackSnapshot> read_user_stack(Reader& reader) {
  std::optional<StackSnapshot> snapshot;
  uint64_t abi = reader.word();
  if (abi != PERF_SAMPLE_REGS_ABI_NONE) {
    Words values = reader.take(kRegisterOrder.size());
    if (abi == PERF_SAMPLE_REGS_ABI_64 && !values.empty()) {
      snapshot.emplace();
      for (size_t i = 0; i < values.size(); ++i) snapshot->registers.values[kRegisterOrder[i]] = values[i];
    }
  }
  // The size of the copy, the copy, and how much of it was filled: to the end of the readable memory.
  uint64_t bytes = reader.word();
  if (bytes == 0) return snapshot;
  Words copy = reader.take(bytes / sizeof(uint64_t));
  uint64_t filled = reader.word();
  if (snapshot && reader.ok()) {
    snapshot->stack_address = snapshot->registers.sp();
    snapshot->stack = {reinterpret_cast<const uint8_t*>(copy.data()), std::min(filled, copy.size_bytes())};
  }
  return snapshot;
}

std::optional<PerfRecord> parse_sample(Words record, const RecordFormat& format) {
  Reader reader(record.subspan(1));
  SampleRecord sample;
  sample.in_kernel = (header_of(record).misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;
  sample.pc = reader.word();
  sample.id = read_id(reader);
  sample.period = reader.word();
  if (format.callchain) {
    Words chain = reader.take(reader.word());
    sample.kernel_callchain = part_of_callchain(chain, static_cast<uint64_t>(PERF_CONTEXT_KERNEL));
    sample.user_callchain = part_of_callchain(chain, static_cast<uint64_t>(PERF_CONTEXT_USER));
  }
  if (format.user_stack) sample.user = read_user_stack(reader);
  if (sample.user) sample.user->thread = sample.id.tid;
  if (!reader.ok()) return std::nullopt;
  return sample;
}

MappingRecord read_mapping(Reader& reader, const RecordId& id) {
  MappingRecord mapping;
  mapping.id = id;
  reader.word();  // pid and tid, as in the id
  mapping.start = reader.word();
  mapping.size = reader.word();
  mapping.offset = reader.word();
  uint64_t device = reader.word();
  mapping.device = ::makedev(low(device), high(device));
  mapping.inode = reader.word();
  reader.word();  // generation of the inode
  mapping.protection = low(reader.word());
  mapping.path = reader.text();
  return mapping;
}

TaskRecord read_task(Reader& reader, const RecordId& id, bool began) {
  TaskRecord task;
  task.id = id;
  task.began = began;
  uint64_t pids = reader.word();
  uint64_t tids = reader.word();
  task.pid = low_id(pids);
  task.parent_pid = high_id(pids);
  task.tid = low_id(tids);
  task.parent_tid = high_id(tids);
  reader.word();  // time, as in the id
  return task;
}

}  // namespace

std::optional<PerfRecord> parse_perf_record(std::span<const uint64_t> bytes, const RecordFormat& format) {
  Words record = whole(bytes);
  if (record.empty()) return std::nullopt;
  perf_event_header header = header_of(record);
  if (header.type == PERF_RECORD_SAMPLE) return parse_sample(record, format);
  if (record.size() < 1 + kTrailerWords) return std::nullopt;
  Reader trailer(record.last(kTrailerWords));
  RecordId id = read_id(trailer);
  Reader reader(record.subspan(1, record.size() - 1 - kTrailerWords));
  PerfRecord parsed;
  switch (header.type) {
    case PERF_RECORD_LOST:
      reader.word();  // id of the event
      parsed = LostRecord{id, reader.word()};
      break;
    case PERF_RECORD_LOST_SAMPLES:
      parsed = LostRecord{id, reader.word()};
      break;
    case PERF_RECORD_MMAP2:
      parsed = read_mapping(reader, id);
      break;
    case PERF_RECORD_COMM:
      reader.word();  // pid and tid, as in the id
      parsed = NameRecord{id, (header.misc & PERF_RECORD_MISC_COMM_EXEC) != 0, reader.text()};
      break;
    case PERF_RECORD_FORK:
    case PERF_RECORD_EXIT:
      parsed = read_task(reader, id, header.type == PERF_RECORD_FORK);
      break;
    case PERF_RECORD_SWITCH:
    case PERF_RECORD_SWITCH_CPU_WIDE:
      parsed = SwitchRecord{id, (header.misc & PERF_RECORD_MISC_SWITCH_OUT) != 0,
                            (header.misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT) != 0};
      break;
    case PERF_RECORD_THROTTLE:
    case PERF_RECORD_UNTHROTTLE:
      parsed = ThrottleRecord{id, header.type == PERF_RECORD_THROTTLE};
      break;
    default:
      break;
  }
  if (!reader.ok()) return std::nullopt;
  return parsed;
}

std::optional<RecordId> id_of_perf_sample(std::span<const uint64_t> bytes) {
  Words record = whole(bytes);
  if (record.empty() || header_of(record).type != PERF_RECORD_SAMPLE) return std::nullopt;
  Reader reader(record.subspan(1));
  reader.word();  // the instruction pointer
  RecordId id = read_id(reader);
  return reader.ok() ? std::optional(id) : std::nullopt;
}

TimePoint time_of_perf_record(std::span<const uint64_t> bytes) {
  Words record = whole(bytes);
  if (record.empty()) return 0;
  if (header_of(record).type == PERF_RECORD_SAMPLE) {
    return record.size() > kSampleTimeWord ? static_cast<TimePoint>(record[kSampleTimeWord]) : 0;
  }
  if (record.size() < 1 + kTrailerWords) return 0;
  return static_cast<TimePoint>(record[record.size() - kTrailerTimeFromEnd]);
}

}  // namespace rtprof::kernel
