#include "common/agent/file_keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace rtprof {
namespace {

constexpr int kMostOpenFiles = 65536;
constexpr int kLooks = 50;
constexpr useconds_t kBetweenLooksUs = 20'000;

// What is open here stays open as long as the child lives: sockets to targets, events of the kernel.
// Afterwards `socket` is 0 and `parent` is 1.
void keep_open(int socket, int parent) {
  int high = ::fcntl(parent, F_DUPFD, socket + 2);
  if (high < 0 || ::dup2(socket, 0) < 0 || ::dup2(high, 1) < 0) ::_exit(1);
  if (::syscall(SYS_close_range, 2u, ~0u, 0u) == 0) return;
  for (int fd = 2; fd < kMostOpenFiles; ++fd) ::close(fd);
}

void become(uid_t user, gid_t group) {
  if (::geteuid() == user) return;
  ::syscall(SYS_setgroups, 0, nullptr);
  ::syscall(SYS_setresgid, group, group, group);
  ::syscall(SYS_setresuid, user, user, user);
  if (::geteuid() != user) ::_exit(1);
}

void remove_files(int parent, const FileKeeper::Files& files) {
  int directory = parent;
  if (!files.directory.empty()) {
    directory = ::openat(parent, files.directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (directory < 0) return;
    // The lock of who was killed may go a moment later. Who else has it has a keeper, too.
    for (int i = 0; ::flock(directory, LOCK_EX | LOCK_NB) != 0; ++i) {
      if (i == kLooks) return;
      ::usleep(kBetweenLooksUs);
    }
  }
  for (const std::string& name : files.names) {
    struct stat facts {};
    bool is_ours =
        ::fstatat(directory, name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0 && facts.st_uid == files.user;
    if (is_ours) ::unlinkat(directory, name.c_str(), 0);
  }
  if (!files.directory.empty()) ::unlinkat(parent, files.directory.c_str(), AT_REMOVEDIR);
}

// In the child of a program with several threads: system calls only, and nothing that allocates.
[[noreturn]] void keep(int socket, const FileKeeper::Files& files) {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::setsid();
  // No name that somebody kills who kills rtprof by its name.
  ::prctl(PR_SET_NAME, "file-keeper");
  keep_open(socket, files.parent);
  become(files.user, files.group);
  char byte = 0;
  [[maybe_unused]] ssize_t sent = ::write(0, &byte, 1);
  while (::read(0, &byte, 1) < 0 && errno == EINTR) continue;
  for (int i = 0; !files.awaited.empty() && i < kLooks; ++i) {
    if (::faccessat(1, files.awaited.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) break;
    ::usleep(kBetweenLooksUs);
  }
  remove_files(1, files);
  ::_exit(0);
}

}  // namespace

Result<FileKeeper> FileKeeper::start(const Files& files) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return Failure{"cannot make a socket", errno};
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  pid_t child = ::fork();
  if (child < 0) return Failure{"cannot start a process that removes files", errno};
  if (child == 0) keep(theirs.get(), files);
  theirs.reset();
  FileKeeper keeper(child, std::move(ours));
  // Until it is in a session of its own: what kills this one's process group does not reach it then.
  char byte;
  ssize_t got;
  while ((got = ::read(keeper.socket_.get(), &byte, 1)) < 0 && errno == EINTR) continue;
  if (got != 1) return Failure{"the process that would remove files has ended", ECHILD};
  return keeper;
}

FileKeeper::FileKeeper(FileKeeper&& other) noexcept
    : child_(std::exchange(other.child_, 0)), socket_(std::move(other.socket_)) {}

void FileKeeper::remove() {
  socket_.reset();
  pid_t child = std::exchange(child_, 0);
  if (child == 0) return;
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) continue;
}

}  // namespace rtprof
