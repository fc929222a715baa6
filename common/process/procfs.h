#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"

// Parsers of /proc texts, free of side effects so that tests can feed them any text, and thin readers over
// them. Formats: proc(5).
namespace rtprof {

// One line of /proc/PID/maps.
struct Mapping {
  uint64_t start = 0;
  uint64_t end = 0;
  uint64_t offset = 0;  // in the file
  uint64_t device = 0;  // makedev(major, minor)
  uint64_t inode = 0;   // 0 for memory without a file
  bool readable = false;
  bool writable = false;
  bool executable = false;
  std::string path;  // as the kernel prints it: may be relative to another root, "[heap]", "… (deleted)"

  uint64_t size() const { return end - start; }
};

// What rtprof needs of /proc/PID/stat.
struct ProcStat {
  std::string comm;
  char state = '?';  // R S D T t Z X I
  pid_t parent = 0;
  uint64_t flags = 0;       // PF_*, include/linux/sched.h
  uint64_t user_ticks = 0;  // sysconf(_SC_CLK_TCK) a second
  uint64_t system_ticks = 0;
  uint64_t start_time = 0;  // ticks after boot
};

// What rtprof needs of /proc/PID/status.
struct ProcStatus {
  pid_t tgid = 0;
  std::vector<pid_t> ns_pids;  // outermost (ours) first
  uint32_t real_uid = 0;
  uint32_t effective_uid = 0;
  uint32_t effective_gid = 0;
  pid_t tracer = 0;  // 0: nobody traces it
  uint64_t voluntary_switches = 0;
  uint64_t involuntary_switches = 0;
};

std::vector<Mapping> parse_maps(std::string_view text);
std::optional<ProcStat> parse_stat(std::string_view text);
ProcStatus parse_status(std::string_view text);

// `path` is a process or thread directory: "/proc/12" or "/proc/12/task/13". Nothing when it is gone.
std::optional<ProcStat> read_stat(const std::string& path);
std::optional<ProcStatus> read_status(const std::string& path);

// CPU time of a thread in nanoseconds: the first field of its schedstat. Nothing when it is gone or the
// kernel has no schedstat.
std::optional<Nanoseconds> read_thread_cpu_time(pid_t pid, pid_t tid);

// The name that the kernel has of a thread (comm); empty when it has ended.
std::string kernel_thread_name(pid_t pid, pid_t tid);

}  // namespace rtprof
