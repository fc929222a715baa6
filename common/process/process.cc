#include "common/process/process.h"

#include <dirent.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/core.h>

#include <cerrno>
#include <charconv>
#include <ctime>
#include <memory>

#include "common/base/error.h"
#include "common/base/file.h"

namespace rtprof {
namespace {

constexpr uint64_t kKernelThread = 0x00200000;  // PF_KTHREAD, include/linux/sched.h

// The numeric names in a directory.
std::vector<pid_t> numeric_entries(const std::string& path) {
  std::vector<pid_t> ids;
  std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  if (!directory) return ids;
  while (const dirent* entry = ::readdir(directory.get())) {
    pid_t id = 0;
    std::string_view name = entry->d_name;
    auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error == std::errc() && end == name.data() + name.size()) ids.push_back(id);
  }
  return ids;
}

std::string joined_arguments(const std::string& directory, const std::string& comm) {
  auto arguments = read_file(directory + "/cmdline");
  if (!arguments || arguments->empty()) return "[" + comm + "]";
  for (char& c : *arguments) {
    if (c == '\0' || c == '\n') c = ' ';
  }
  while (!arguments->empty() && arguments->back() == ' ') arguments->pop_back();
  return *arguments;
}

struct FileIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;
};

FileIdentity executable_identity(const std::string& directory) {
  struct stat info {};
  if (::stat((directory + "/exe").c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino};
}

}  // namespace

Result<Process> Process::try_open(pid_t pid) {
  Process process(pid);
  if (pid <= 0) return Failure{fmt::format("{} is not a process id", pid), ESRCH};
  // Taken first: from here on a reuse of the pid is noticed.
  process.pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  auto stat = read_stat(process.directory());
  auto status = read_status(process.directory());
  if (!stat || !status) return Failure{fmt::format("no process with pid {}", pid), ESRCH};
  if (status->tgid != pid) {
    return Failure{fmt::format("{} is a thread of process {}", pid, status->tgid), EINVAL};
  }
  if ((stat->flags & kKernelThread) != 0) {
    return Failure{fmt::format("process {} ({}) is a kernel thread", pid, stat->comm), EINVAL};
  }
  if (stat->state == 'Z' || stat->state == 'X') {
    return Failure{
        fmt::format("process {} ({}) has ended and waits for its parent (zombie)", pid, stat->comm), ECHILD};
  }
  process.ns_pid_ = status->ns_pids.empty() ? pid : status->ns_pids.back();
  process.effective_uid_ = status->effective_uid;
  process.start_time_ = stat->start_time;
  process.comm_ = stat->comm;
  process.command_ = joined_arguments(process.directory(), stat->comm);
  process.executable_ = read_link(process.directory() + "/exe");
  FileIdentity executable = executable_identity(process.directory());
  process.executable_device_ = executable.device;
  process.executable_inode_ = executable.inode;
  return process;
}

Process Process::open(pid_t pid) {
  auto process = try_open(pid);
  if (process) return std::move(*process);
  const Failure& failure = process.failure();
  std::string hint = "rtprof ps lists the processes that can be profiled";
  if (failure.error == EINVAL && failure.message.find("thread of") != std::string::npos) {
    hint = "give the process id; all its threads are profiled";
  } else if (failure.error == ECHILD) {
    hint = "a zombie runs no code; profile its parent instead";
  } else if (failure.error == EINVAL) {
    hint = "kernel threads run no code of a process; " + hint;
  }
  throw Error(ExitCode::kFailed, failure.message, hint);
}

bool Process::alive() const {
  if (pidfd_.valid()) {
    // Unlike its state in /proc, this tells a process that waits for its parent from one whose first thread
    // alone has ended.
    pollfd ended{pidfd_.get(), POLLIN, 0};
    return ::poll(&ended, 1, 0) == 0;
  }
  auto stat = read_stat(directory());
  return stat && stat->start_time == start_time_;
}

bool Process::has_execed() const {
  FileIdentity now = executable_identity(directory());
  return now.inode != 0 && (now.inode != executable_inode_ || now.device != executable_device_);
}

std::vector<pid_t> Process::threads() const {
  return numeric_entries(directory() + "/task");
}

std::optional<std::string> Process::syscall_of(pid_t tid) const {
  if (insider_) return insider_->syscall_of(tid);
  auto text = read_file(directory() + "/task/" + std::to_string(tid) + "/syscall");
  return text ? std::optional(std::move(*text)) : std::nullopt;
}

std::vector<Mapping> Process::mappings() const {
  auto text = read_file(directory() + "/maps");
  return text ? parse_maps(*text) : std::vector<Mapping>();
}

std::vector<pid_t> Process::children() const {
  std::vector<pid_t> children;
  for (pid_t tid : threads()) {
    auto text = read_file(fmt::format("/proc/{}/task/{}/children", pid_, tid));
    if (!text) continue;
    const char* at = text->data();
    const char* end = at + text->size();
    pid_t child = 0;
    while (at < end) {
      auto [next, error] = std::from_chars(at, end, child);
      if (error == std::errc()) children.push_back(child);
      at = next + 1;
    }
  }
  return children;
}

Nanoseconds Process::cpu_time() const {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid_, &clock) == 0 && ::clock_gettime(clock, &time) == 0) {
    last_cpu_time_ = time.tv_sec * kSecond + time.tv_nsec;
  }
  return last_cpu_time_;
}

std::string Process::path_in_root(const std::string& path) const {
  return directory() + "/root" + path;
}

std::string Process::path_of(const Mapping& mapping) const {
  std::string by_range = fmt::format("{}/map_files/{:x}-{:x}", directory(), mapping.start, mapping.end);
  // map_files needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE; the path works for everybody as long as the file
  // is still there.
  if (::access(by_range.c_str(), R_OK) == 0) return by_range;
  return path_in_root(mapping.path);
}

std::vector<pid_t> all_pids() {
  return numeric_entries("/proc");
}

}  // namespace rtprof
