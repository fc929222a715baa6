#include "common/agent/file_keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace rtprof {
namespace {

constexpr unsigned kMostOpenFiles = 65536;

void close_between(unsigned first, unsigned last) {
  if (first > last || ::syscall(SYS_close_range, first, last, 0) == 0) return;
  for (unsigned fd = first; fd <= std::min(last, kMostOpenFiles); ++fd) ::close(static_cast<int>(fd));
}

// What is open here stays open as long as the child lives: sockets to targets, events of the kernel.
void close_all_but(int one, int other) {
  auto [low, high] = std::minmax({static_cast<unsigned>(one), static_cast<unsigned>(other)});
  if (low > 0) close_between(0, low - 1);
  close_between(low + 1, high - 1);
  close_between(high + 1, ~0u);
}

// In the child of a program with several threads: system calls only, and nothing that allocates.
[[noreturn]] void keep(int pipe, const FileKeeper::Files& files) {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::setsid();
  ::prctl(PR_SET_NAME, "rtprof-keeper");
  close_all_but(pipe, files.parent);
  char byte;
  while (::read(pipe, &byte, 1) < 0 && errno == EINTR) continue;
  int directory = files.parent;
  if (!files.directory.empty())
    directory = ::openat(files.parent, files.directory.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW);
  for (const std::string& name : files.names) ::unlinkat(directory, name.c_str(), 0);
  if (!files.directory.empty()) ::unlinkat(files.parent, files.directory.c_str(), AT_REMOVEDIR);
  ::_exit(0);
}

}  // namespace

Result<FileKeeper> FileKeeper::start(const Files& files) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Failure{"cannot make a pipe", errno};
  UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  pid_t child = ::fork();
  if (child < 0) return Failure{"cannot start a process that removes files", errno};
  if (child == 0) keep(reading.get(), files);
  return FileKeeper(child, std::move(writing));
}

FileKeeper::FileKeeper(FileKeeper&& other) noexcept
    : child_(std::exchange(other.child_, 0)), pipe_(std::move(other.pipe_)) {}

void FileKeeper::remove() {
  pipe_.reset();
  pid_t child = std::exchange(child_, 0);
  if (child == 0) return;
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) continue;
}

}  // namespace rtprof
