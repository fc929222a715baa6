#include "jvm/jfr_keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace rtprof::jvm {
namespace {

constexpr int kMostOpenFiles = 65536;
constexpr time_t kPatienceSeconds = 10;

// What is open here stays open as long as the child lives. Afterwards `socket` is 0 and `directory` is 1.
void keep_open(int socket, int directory) {
  int high = ::fcntl(directory, F_DUPFD, socket + 2);
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

void say(const JfrKeeper::Command& command) {
  int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  timeval patience{kPatienceSeconds, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, command.socket.data(),
              std::min(command.socket.size(), sizeof address.sun_path - 1));
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid != command.pid) return;
  std::string_view left = command.request;
  while (!left.empty()) {
    ssize_t sent = ::send(socket, left.data(), left.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    left.remove_prefix(static_cast<size_t>(sent));
  }
  std::array<char, 512> answer;
  while (::read(socket, answer.data(), answer.size()) > 0) continue;
}

// In the child of a program with several threads: system calls only, and nothing that allocates.
[[noreturn]] void keep(int socket, const JfrKeeper::Command& command) {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::setsid();
  // No name that somebody kills who kills rtprof by its name.
  ::prctl(PR_SET_NAME, "recording-stop");
  keep_open(socket, command.directory);
  if (::fchdir(1) != 0) ::_exit(1);
  become(command.user, command.group);
  char byte = 0;
  [[maybe_unused]] ssize_t sent = ::write(0, &byte, 1);
  while (::read(0, &byte, 1) < 0 && errno == EINTR) continue;
  say(command);
  ::_exit(0);
}

}  // namespace

Result<JfrKeeper> JfrKeeper::start(const Command& command) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return Failure{"cannot make a socket", errno};
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  pid_t child = ::fork();
  if (child < 0) return Failure{"cannot start a process that stops the recording", errno};
  if (child == 0) keep(theirs.get(), command);
  theirs.reset();
  JfrKeeper keeper(child, std::move(ours));
  // Until it is in a session of its own: what kills this one's process group does not reach it then.
  char byte;
  ssize_t got;
  while ((got = ::read(keeper.socket_.get(), &byte, 1)) < 0 && errno == EINTR) continue;
  if (got != 1) return Failure{"the process that would stop the recording has ended", ECHILD};
  return keeper;
}

JfrKeeper::JfrKeeper(JfrKeeper&& other) noexcept
    : child_(std::exchange(other.child_, 0)), socket_(std::move(other.socket_)) {}

void JfrKeeper::finish() {
  socket_.reset();
  pid_t child = std::exchange(child_, 0);
  if (child == 0) return;
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) continue;
}

}  // namespace rtprof::jvm
