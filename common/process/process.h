#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/fd.h"
#include "common/base/result.h"
#include "common/process/insider.h"
#include "common/process/memory.h"
#include "common/process/procfs.h"

namespace rtprof {

// One live process, guarded against pid reuse by its start time and against exec by the device and inode of
// its executable. Reads of /proc are made when asked for; nothing here stops or attaches to the process.
class Process {
 public:
  // Throws Error when there is no such process, when `pid` is a thread of another process, a kernel thread or
  // a zombie: each by name, with the way out.
  static Process open(pid_t pid);

  // The same without an exception, for scans over many processes.
  static Result<Process> try_open(pid_t pid);

  pid_t pid() const { return pid_; }
  // Its pid in its own, innermost namespace.
  pid_t ns_pid() const { return ns_pid_; }
  uint32_t effective_uid() const { return effective_uid_; }
  uint64_t start_time() const { return start_time_; }  // ticks after boot
  const std::string& comm() const { return comm_; }
  // Arguments joined by blanks; comm in brackets when there are none.
  const std::string& command() const { return command_; }
  // As the kernel prints it, in the process's own mount namespace; empty when not permitted.
  const std::string& executable() const { return executable_; }

  // True while the process that was opened runs: a zombie does not, and a reused pid is another process.
  bool alive() const;
  // True when the process has replaced its executable since it was opened.
  bool has_execed() const;
  // Thread ids, in no order; empty when the process has ended.
  std::vector<pid_t> threads() const;
  std::vector<Mapping> mappings() const;
  // Children that run now (not their descendants).
  std::vector<pid_t> children() const;
  // An absolute path of the process's own root, as a path that we can open.
  std::string path_in_root(const std::string& path) const;
  // A path to the file of a mapping that works for deleted files and other mount namespaces.
  std::string path_of(const Mapping& mapping) const;
  // CPU time of the process, its ended threads included; what was last known once it has ended.
  Nanoseconds cpu_time() const;
  // "/proc/PID".
  std::string directory() const { return "/proc/" + std::to_string(pid_); }

  const Memory& memory() const { return insider_ ? insider_->memory() : memory_; }
  // What the file of that name says of a thread, proc(5); nothing when it has ended or that is closed to us.
  std::optional<std::string> syscall_of(pid_t tid) const;
  // From here on what is closed to us is read by somebody else. Not while another thread reads.
  void read_by(std::shared_ptr<const Insider> insider) const { insider_ = std::move(insider); }
  bool has_insider() const { return insider_ != nullptr; }
  // Readable by poll when the process ends; -1 where the kernel has no pidfds.
  int pidfd() const { return pidfd_.get(); }

 private:
  explicit Process(pid_t pid) : pid_(pid), memory_(pid) {}

  pid_t pid_;
  pid_t ns_pid_ = 0;
  uint32_t effective_uid_ = 0;
  uint64_t start_time_ = 0;
  uint64_t executable_device_ = 0;
  uint64_t executable_inode_ = 0;
  std::string comm_;
  std::string command_;
  std::string executable_;
  RemoteMemory memory_;
  mutable std::shared_ptr<const Insider> insider_;
  UniqueFd pidfd_;
  mutable Nanoseconds last_cpu_time_ = 0;
};

// Pids of all processes visible in /proc.
std::vector<pid_t> all_pids();

}  // namespace rtprof
