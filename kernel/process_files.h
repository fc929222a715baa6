#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "common/process/process.h"
#include "common/process/thread_probe.h"
#include "common/profile/event.h"
#include "kernel/record.h"

namespace rtprof::kernel {

// Where a thread sleeps, seen from outside: what /proc tells of its system call and of the files of its
// process. Nothing is stopped; a read costs some microseconds. What is told of a thread that does not sleep
// is of no use. Lives on one thread.
class ProcessFiles {
 public:
  // `process` outlives this.
  explicit ProcessFiles(const Process& process) : process_(process) {}

  // Kind of the file behind a descriptor, as RT_FILE_KIND; 0 when there is none, or when that is not to be
  // seen.
  uint32_t kind(uint32_t descriptor) const;
  // Kinds of the files that an epoll watches; nothing when that is not to be seen. Looked up at most once a
  // second.
  std::optional<uint32_t> epoll_kinds(uint32_t descriptor);
  // Reads the thread's memory: what an array of descriptors had in it.
  using ReadMemory = std::function<bool(uint64_t address, void* to, size_t size)>;
  // Kinds of the files that poll and select wait for, by their arguments; nothing when they cannot be read.
  std::optional<uint32_t> polled(uint64_t files, uint64_t count, const ReadMemory& read) const;
  std::optional<uint32_t> selected(uint64_t count, std::span<const uint64_t, 3> sets,
                                   const ReadMemory& read) const;
  // What the thread `tid` sleeps for, of which `probe` is.
  Reason reason_of_sleeper(pid_t tid, const ThreadProbe& probe);

 private:
  // Where a thread is, without a stack in the kernel.
  rt_wait_site site_of(pid_t tid, const ThreadProbe& probe) const;
  struct Watched {
    std::optional<uint32_t> kinds;
    TimePoint looked = 0;
  };

  const Process& process_;
  std::unordered_map<uint32_t, Watched> watched_;  // by descriptor of an epoll
};

// A site of which the system call is not known: the number of none that there is.
inline constexpr uint32_t kUnknownSyscall = RT_NO_SYSCALL - 1;

// One line of /proc/PID/task/TID/syscall, proc(5): "NUMBER ARGUMENT×6 SP PC"; "-1 SP PC" in a fault;
// "running".
struct SyscallState {
  uint32_t number = RT_NO_SYSCALL;
  std::array<uint64_t, 6> arguments{};
};
std::optional<SyscallState> parse_syscall(std::string_view text);

// The descriptors after "tfd:" in the fdinfo of an epoll, proc(5).
std::vector<uint32_t> parse_watched(std::string_view fdinfo);

}  // namespace rtprof::kernel
