#include "common/agent/agent_link.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <utility>

#include "common/base/error.h"
#include "common/process/effective_ids.h"
#include "common/process/procfs.h"

namespace rtprof {
namespace {

constexpr Nanoseconds kReadPatience = 2 * kSecond;

Failure failed(const char* what) {
  return {fmt::format("{}: {}", what, errno_text(errno)), errno};
}

bool is_readable(int fd, TimePoint until) {
  pollfd wanted{fd, POLLIN, 0};
  int ready;
  do {
    Nanoseconds left = std::max<Nanoseconds>(until - monotonic_now(), 0);
    ready = ::poll(&wanted, 1, static_cast<int>(left / kMillisecond));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

bool is_process(int socket, pid_t pid) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == pid;
}

bool is_well_formed(const agents::MessageHeader& header, agents::MessageType type, size_t size) {
  return header.magic == agents::kMagic && header.protocol == agents::kProtocol && header.type == type &&
         header.size == size;
}

std::optional<Failure> refusal_in(const agents::Answer& answer) {
  if (answer.refusal == agents::Refusal::kNone) return std::nullopt;
  return Failure{std::string(answer.text, ::strnlen(answer.text, sizeof answer.text)),
                 answer.refusal == agents::Refusal::kOccupied ? EBUSY : 0};
}

// What is in the target's answer goes where it was wanted, as far as it is there.
size_t copied(const agents::Bytes& found, std::span<const MemoryRange> ranges) {
  size_t at = 0;
  size_t count = std::min<size_t>(found.ranges, ranges.size());
  for (size_t i = 0; i < count; ++i) {
    if (ranges[i].size > found.size - at) return i;
    std::memcpy(ranges[i].destination, found.bytes + at, ranges[i].size);
    at += ranges[i].size;
  }
  return count;
}

template <typename Message>
std::span<const uint8_t> bytes_of(const Message& message) {
  return {reinterpret_cast<const uint8_t*>(&message), sizeof message};
}

template <typename Message>
bool receive(int socket, Message& message) {
  return ::recv(socket, &message, sizeof message, MSG_TRUNC) == sizeof message;
}

}  // namespace

Result<AgentLink> AgentLink::listen(const PlacedLibrary& placed, const Process& process) {
  agents::Secret secret;
  if (::getrandom(secret.bytes, sizeof secret.bytes, 0) != sizeof secret.bytes)
    return failed("no random bytes");
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  auto end = fmt::format_to_n(address.sun_path, sizeof address.sun_path - 1, "/proc/self/fd/{}/{}",
                              placed.directory(), PlacedLibrary::kSocket);
  *end.out = '\0';
  auto status = read_status(process.directory());
  if (!status || !process.alive()) return Failure{"the process has ended", ESRCH};
  EffectiveIds ids(status->effective_uid, status->effective_gid);
  bool listens = socket.valid() &&
                 (::unlinkat(placed.directory(), PlacedLibrary::kSocket, 0) == 0 || errno == ENOENT) &&
                 ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                 ::listen(socket.get(), 4) == 0;
  if (!listens) return failed("cannot listen for the agent");
  std::string options;
  for (uint8_t byte : secret.bytes) options += fmt::format("{:02x}", byte);
  return AgentLink(std::move(socket), secret, options + "," + placed.socket());
}

std::optional<Failure> AgentLink::accept(pid_t pid, Nanoseconds patience) {
  for (TimePoint until = monotonic_now() + patience; is_readable(listening_.get(), until);) {
    UniqueFd socket(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.valid() || !is_process(socket.get(), pid) || !is_readable(socket.get(), until)) continue;
    agents::Hello hello;
    bool is_agent = receive(socket.get(), hello) &&
                    is_well_formed(hello.header, agents::MessageType::kHello, sizeof hello) &&
                    std::memcmp(&hello.secret, &secret_, sizeof secret_) == 0;
    if (!is_agent) continue;
    socket_ = std::move(socket);
    listening_.reset();
    return std::nullopt;
  }
  return Failure{"the agent was loaded, and does not say so", ETIMEDOUT};
}

std::optional<Failure> AgentLink::start(std::span<const uint8_t> bytes, const SharedRing& ring,
                                        Nanoseconds patience) {
  int descriptors[] = {ring.memory(), ring.event()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptors)]{};
  iovec part{const_cast<uint8_t*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof descriptors);
  std::memcpy(CMSG_DATA(rights), descriptors, sizeof descriptors);
  // An agent that another rtprof uses has answered already, and is gone.
  ssize_t sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(bytes.size()) && errno != EPIPE && errno != ECONNRESET)
    return failed("cannot start the agent");
  auto said = answer(patience);
  if (!said) return said.failure();
  return refusal_in(*said);
}

Result<agents::Answer> AgentLink::answer(Nanoseconds patience) const {
  TimePoint until = monotonic_now() + patience;
  Heard heard;
  agents::Bytes late;
  while ((heard = hear(until, late)) == Heard::kBytes) continue;
  if (heard == Heard::kNothing) return Failure{"the agent does not answer", ETIMEDOUT};
  if (heard != Heard::kAnswer) return Failure{"the agent says something else than an agent", EPROTO};
  return *std::exchange(answered_, std::nullopt);
}

std::optional<Failure> AgentLink::start_more(std::span<const uint8_t> bytes, Nanoseconds patience) const {
  std::lock_guard lock(*mutex_);
  tell(bytes);
  auto said = answer(patience);
  if (!said) return said.failure();
  return refusal_in(*said);
}

// One message of the agent's: an answer to what it was told goes to answered_, of memory that was asked for
// to `bytes`.
AgentLink::Heard AgentLink::hear(TimePoint until, agents::Bytes& bytes) const {
  constexpr ssize_t kHead = offsetof(agents::Bytes, bytes);
  if (!is_readable(socket_.get(), until)) return Heard::kNothing;
  ssize_t got = ::recv(socket_.get(), &bytes, sizeof bytes, MSG_TRUNC);
  if (got <= 0) return Heard::kEnd;
  auto size = static_cast<uint32_t>(got);
  if (size == sizeof(agents::Answer) && is_well_formed(bytes.header, agents::MessageType::kAnswer, size)) {
    std::memcpy(static_cast<void*>(&answered_.emplace()), &bytes, sizeof(agents::Answer));
    return Heard::kAnswer;
  }
  bool fits = got >= kHead && size <= sizeof bytes;
  bool is_found = fits && got - kHead == bytes.size && awaited_ != 0 && bytes.number == awaited_ &&
                  is_well_formed(bytes.header, agents::MessageType::kBytes, size);
  if (!is_found) return Heard::kNonsense;
  awaited_ = 0;
  return Heard::kBytes;
}

// A target that is stopped answers when it goes on: until then nobody waits for it again.
bool AgentLink::ask(std::span<const uint8_t> request, uint32_t number, agents::Bytes& found) const {
  if (awaited_ != 0 && !take_bytes(0, found)) return false;
  if (::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return false;
  awaited_ = number;
  return take_bytes(kReadPatience, found);
}

bool AgentLink::take_bytes(Nanoseconds patience, agents::Bytes& found) const {
  TimePoint until = monotonic_now() + patience;
  Heard heard;
  do {
    heard = hear(until, found);
  } while (heard == Heard::kAnswer && monotonic_now() < until);
  return heard == Heard::kBytes;
}

size_t AgentLink::read(std::span<const MemoryRange> ranges) const {
  agents::Read request;
  request.secret = secret_;
  request.count = static_cast<uint32_t>(ranges.size());
  for (size_t i = 0; i < ranges.size(); ++i) request.ranges[i] = {ranges[i].address, ranges[i].size};
  std::lock_guard lock(*mutex_);
  request.number = ++asked_;
  agents::Bytes found;
  return ask(bytes_of(request), request.number, found) ? copied(found, ranges) : 0;
}

std::optional<std::string> AgentLink::read_place(pid_t inner_tid) const {
  agents::ReadPlace request;
  request.secret = secret_;
  request.tid = inner_tid;
  std::lock_guard lock(*mutex_);
  request.number = ++asked_;
  agents::Bytes found;
  if (!ask(bytes_of(request), request.number, found) || found.ranges == 0) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(found.bytes), found.size);
}

void AgentLink::tell(std::span<const uint8_t> bytes) const {
  ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool AgentLink::has_answered(Nanoseconds patience) const {
  TimePoint until = monotonic_now() + patience;
  // Whoever waits for memory may have to be waited for, and meanwhile there is something else to do.
  std::unique_lock lock(*mutex_, std::chrono::nanoseconds(patience));
  if (!lock) return false;
  agents::Bytes late;
  Heard heard = Heard::kBytes;
  while (!answered_ && heard == Heard::kBytes) heard = hear(until, late);
  return std::exchange(answered_, std::nullopt).has_value() || heard == Heard::kEnd ||
         heard == Heard::kNonsense;
}

void AgentLink::end(Nanoseconds patience) {
  listening_.reset();
  if (!socket_.valid()) return;
  ::shutdown(socket_.get(), SHUT_WR);
  TimePoint until = monotonic_now() + patience;
  agents::Bytes late;
  // What it was still asked for comes before.
  while (is_readable(socket_.get(), until) && monotonic_now() < until) {
    if (::recv(socket_.get(), &late, sizeof late, 0) <= 0) break;
  }
  socket_.reset();
}

}  // namespace rtprof
