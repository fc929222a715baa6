#include "common/agent/keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

namespace rtprof {
namespace {

constexpr int kMostOpenFiles = 65536;

// What is open here stays open as long as the child lives: sockets to targets, events of the kernel.
// Afterwards `socket` is 0 and `directory` is kDirectory.
void keep_open(int socket, int directory) {
  int high = ::fcntl(directory, F_DUPFD, socket + 2);
  if (high < 0 || ::dup2(socket, 0) < 0 || ::dup2(high, Keeper::kDirectory) < 0) ::_exit(1);
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

[[noreturn]] void keep(int socket, const Keeper::Role& role, Keeper::Act act, const void* subject) {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::setsid();
  ::prctl(PR_SET_NAME, role.name);
  keep_open(socket, role.directory);
  // With the rights of who opened it: the user may not be allowed to pass through what is above it.
  if (::fchdir(Keeper::kDirectory) != 0) ::_exit(1);
  become(role.user, role.group);
  char byte = 0;
  [[maybe_unused]] ssize_t sent = ::write(0, &byte, 1);
  while (::read(0, &byte, 1) < 0 && errno == EINTR) continue;
  act(subject);
  ::_exit(0);
}

}  // namespace

Result<Keeper> Keeper::start(const Role& role, Act act, const void* subject) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return Failure{"cannot make a socket", errno};
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  pid_t child = ::fork();
  if (child < 0) return Failure{std::string("cannot start a process to ") + role.purpose, errno};
  if (child == 0) keep(theirs.get(), role, act, subject);
  theirs.reset();
  Keeper keeper(child, std::move(ours));
  // Until it is in a session of its own: what kills this one's process group does not reach it then.
  char byte;
  ssize_t got;
  while ((got = ::read(keeper.socket_.get(), &byte, 1)) < 0 && errno == EINTR) continue;
  if (got != 1) return Failure{std::string("the process that would ") + role.purpose + " has ended", ECHILD};
  return keeper;
}

Keeper::Keeper(Keeper&& other) noexcept
    : child_(std::exchange(other.child_, 0)), socket_(std::move(other.socket_)) {}

void Keeper::finish() {
  socket_.reset();
  pid_t child = std::exchange(child_, 0);
  if (child == 0) return;
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) continue;
}

}  // namespace rtprof
