#include "jvm/attach_listener.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "common/agent/file_keeper.h"
#include "common/base/error.h"
#include "common/base/file.h"
#include "common/process/effective_ids.h"
#include "common/process/procfs.h"
#include "common/process/target_root.h"

namespace rtprof::jvm {
namespace {

constexpr auto kBetweenLooks = std::chrono::milliseconds(10);
// A dump of some ten thousand threads.
constexpr size_t kMostReplyBytes = 32 << 20;
// A command has so many arguments, if need be empty ones.
constexpr size_t kArguments = 3;

constexpr const char* kHangs = "the JVM does not answer: it hangs, or waits for a safepoint";
// For a JVM to come so far that it catches SIGQUIT.
constexpr Nanoseconds kStartPatience = 2 * kSecond;

struct Place {
  UniqueFd tmp;  // /tmp of the target
  std::string socket;
  std::string trigger;
  uid_t user;
  gid_t group;
};

Failure failed(const std::string& what) {
  return {fmt::format("{}: {}", what, errno_text(errno)), errno};
}

Result<Place> place_of(const Process& process) {
  auto tmp = open_directory_of(process, "/tmp");
  if (!tmp) return tmp.failure();
  auto status = read_status(process.directory());
  if (!status || !process.alive()) return Failure{"the process has ended", ESRCH};
  return Place{std::move(*tmp), fmt::format(".java_pid{}", process.ns_pid()),
               fmt::format(".attach_pid{}", process.ns_pid()), status->effective_uid, status->effective_gid};
}

// Connects to the target itself, and to nobody who has made a file of that name before it.
Result<UniqueFd> connect(const Process& process, const Place& place, TimePoint until) {
  struct stat facts {};
  if (::fstatat(place.tmp.get(), place.socket.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0)
    return failed("no socket");
  if (!S_ISSOCK(facts.st_mode) || (facts.st_uid != place.user && facts.st_uid != 0))
    return Failure{fmt::format("/tmp/{} is not the JVM's socket: it belongs to somebody else", place.socket),
                   EPERM};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  auto end = fmt::format_to_n(address.sun_path, sizeof address.sun_path - 1, "/proc/self/fd/{}/{}",
                              place.tmp.get(), place.socket);
  *end.out = '\0';
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // Where a JVM that hangs has not taken others yet, connect() would wait for ever.
  Nanoseconds left = std::max<Nanoseconds>(until - monotonic_now(), kMillisecond);
  timeval patience{left / kSecond, left % kSecond / 1000};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  {
    // HotSpot looks at who has connected.
    EffectiveIds ids(place.user, place.group);
    bool connected =
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    if (!connected && errno == EAGAIN) return Failure{kHangs, ETIMEDOUT};
    if (!connected) return failed("cannot connect to the JVM's socket");
  }
  ucred peer{};
  socklen_t size = sizeof peer;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size);
  if (peer.pid != process.pid())
    return Failure{fmt::format("/tmp/{} is another process's socket", place.socket), EPERM};
  return socket;
}

bool catches(const Process& process, int signal) {
  auto status = read_file(process.directory() + "/status");
  size_t at = status ? status->find("SigCgt:") : std::string::npos;
  if (at == std::string::npos) return false;
  uint64_t caught = std::strtoull(status->c_str() + at + 7, nullptr, 16);
  return (caught >> (signal - 1) & 1) != 0;
}

// To the process that was opened, and to no other that has its id by now.
bool send_signal(const Process& process, int signal) {
  if (process.pidfd() >= 0) return ::syscall(SYS_pidfd_send_signal, process.pidfd(), signal, nullptr, 0) == 0;
  return process.alive() && ::kill(process.pid(), signal) == 0;
}

// A JVM that does not catch SIGQUIT would be ended by it.
bool will_catch(const Process& process, TimePoint until) {
  while (!process.has_execed() && process.alive()) {
    if (catches(process, SIGQUIT)) return true;
    if (monotonic_now() > until) return false;
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return false;
}

// HotSpot answers SIGQUIT by a dump of its threads where there is no such file of its user's.
std::optional<Failure> make_trigger(const Place& place) {
  UniqueFd file(::openat(place.tmp.get(), place.trigger.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.valid()) return std::nullopt;
  struct stat facts {};
  bool is_there =
      errno == EEXIST && ::fstatat(place.tmp.get(), place.trigger.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0;
  if (!is_there) return failed("cannot make a file in the target's /tmp");
  if (S_ISREG(facts.st_mode) && facts.st_uid == place.user) return std::nullopt;
  return Failure{fmt::format("/tmp/{} belongs to somebody else", place.trigger), EPERM};
}

// Makes the JVM start its listener, and connects to it.
Result<UniqueFd> connect_after_trigger(const Process& process, const Place& place, TimePoint until) {
  if (!will_catch(process, std::min(until, monotonic_now() + kStartPatience))) {
    return Failure{"it is still starting: it does not listen to SIGQUIT yet", ENOTCONN};
  }
  auto keeper =
      FileKeeper::start({place.tmp.get(), "", {place.trigger}, place.user, place.group, place.socket});
  if (!keeper) return keeper.failure();
  {
    EffectiveIds ids(place.user, place.group);
    if (auto failure = make_trigger(place)) return *failure;
  }
  if (!send_signal(process, SIGQUIT)) return failed("cannot signal the process");
  for (;;) {
    std::this_thread::sleep_for(kBetweenLooks);
    auto socket = connect(process, place, until);
    bool is_final = socket || socket.failure().error == EPERM;
    if (is_final) return socket;
    if (!process.alive()) return Failure{"the process has ended", ESRCH};
    if (monotonic_now() > until)
      return Failure{"the JVM does not start its attach listener: it hangs, or waits for a safepoint",
                     ETIMEDOUT};
  }
}

std::optional<Failure> write_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return Failure{kHangs, ETIMEDOUT};
    if (sent <= 0) return failed("the JVM does not take the command");
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return std::nullopt;
}

Result<std::string> read_all(const Process& process, int socket, TimePoint until) {
  std::string reply;
  std::array<char, 4096> part{};
  while (reply.size() < kMostReplyBytes) {
    Nanoseconds left = until - monotonic_now();
    if (left <= 0) return Failure{kHangs, ETIMEDOUT};
    std::array<pollfd, 2> wanted{{{socket, POLLIN, 0}, {process.pidfd(), POLLIN, 0}}};
    if (::poll(wanted.data(), wanted.size(), static_cast<int>(left / kMillisecond) + 1) <= 0) continue;
    ssize_t got = ::recv(socket, part.data(), part.size(), MSG_DONTWAIT);
    if (got == 0) return reply;
    if (got > 0) reply.append(part.data(), static_cast<size_t>(got));
    if (got < 0 && errno != EINTR && errno != EAGAIN) return failed("the JVM does not answer");
    if (got < 0 && wanted[1].revents != 0) return Failure{"the process has ended", ESRCH};
  }
  return reply;
}

}  // namespace

Result<AttachReply> say_to_attach_listener(const Process& process, const std::vector<std::string>& words,
                                           Nanoseconds patience) {
  TimePoint until = monotonic_now() + patience;
  auto place = place_of(process);
  if (!place) return place.failure();
  auto socket = connect(process, *place, until);
  // Not there yet, or left over from another process of that id.
  bool is_not_there = !socket && (socket.failure().error == ENOENT || socket.failure().error == ECONNREFUSED);
  if (is_not_there) socket = connect_after_trigger(process, *place, until);
  if (!socket) return socket.failure();
  std::string request = "1";
  request += '\0';
  for (size_t i = 0; i <= kArguments; ++i) {
    if (i < words.size()) request += words[i];
    request += '\0';
  }
  if (auto failure = write_all(socket->get(), request)) return *failure;
  auto reply = read_all(process, socket->get(), until);
  if (!reply) return reply.failure();
  return parse_attach_reply(*reply);
}

AttachReply parse_attach_reply(std::string_view text) {
  AttachReply reply;
  size_t end = text.find('\n');
  std::string_view first = text.substr(0, end);
  auto parsed = std::from_chars(first.data(), first.data() + first.size(), reply.status);
  if (parsed.ec != std::errc()) reply.status = -1;
  if (end != std::string_view::npos) reply.text = text.substr(end + 1);
  while (reply.text.ends_with('\n')) reply.text.pop_back();
  return reply;
}

}  // namespace rtprof::jvm
