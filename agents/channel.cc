#include "agents/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rtprof::agents {
namespace {

// Of a connect() and a send().
constexpr timeval kPatience{2, 0};
// Whom a user is shown as that the own user namespace does not have.
constexpr uid_t kOverflowUid = 65534;

// Whether all users have a number here, so that one is nobody else's.
bool knows_all_users() {
  char text[64] = {};
  int file = ::open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
  if (file < 0) return true;
  ssize_t got = ::read(file, text, sizeof text - 1);
  ::close(file);
  return got > 0 && std::strstr(text, "4294967295") != nullptr;
}

void close_all(int (&descriptors)[2]) {
  for (int& each : descriptors) {
    if (each >= 0) ::close(each);
    each = -1;
  }
}

}  // namespace

bool Channel::connect(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (std::strlen(path) >= sizeof address.sun_path) return false;
  std::strcpy(address.sun_path, path);
  socket_ = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return false;
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && is_trusted())
    return true;
  close();
  return false;
}

bool Channel::is_trusted() const {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket_, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  if (peer.uid == ::geteuid() || peer.uid == 0) return true;
  return peer.uid == kOverflowUid && !knows_all_users();
}

bool Channel::send(const void* message, size_t size) const {
  return ::send(socket_, message, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size);
}

bool Channel::receive(void* message, size_t size, int (&descriptors)[2], int timeout_ms) const {
  descriptors[0] = descriptors[1] = -1;
  pollfd wanted{socket_, POLLIN, 0};
  int ready;
  while ((ready = ::poll(&wanted, 1, timeout_ms)) < 0 && errno == EINTR) continue;
  if (ready <= 0) return false;
  iovec part{message, size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptors)];
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t got = ::recvmsg(socket_, &header, MSG_CMSG_CLOEXEC);
  cmsghdr* rights = got < 0 ? nullptr : CMSG_FIRSTHDR(&header);
  if (rights != nullptr && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS) {
    size_t bytes = rights->cmsg_len - CMSG_LEN(0);
    std::memcpy(descriptors, CMSG_DATA(rights), bytes < sizeof descriptors ? bytes : sizeof descriptors);
  }
  bool is_whole = got == static_cast<ssize_t>(size) && (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
  if (is_whole && descriptors[1] >= 0) return true;
  close_all(descriptors);
  return false;
}

long Channel::receive(void* message, size_t capacity, int timeout_ms, int also) const {
  pollfd wanted[] = {{socket_, POLLIN, 0}, {also, POLLIN, 0}};
  int ready;
  while ((ready = ::poll(wanted, 2, timeout_ms)) < 0 && errno == EINTR) continue;
  if (ready == 0 || (ready > 0 && wanted[0].revents == 0)) return 0;
  ssize_t got;
  while ((got = ::recv(socket_, message, capacity, MSG_TRUNC)) < 0 && errno == EINTR) continue;
  return got > 0 && static_cast<size_t>(got) <= capacity ? got : -1;
}

void Channel::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

}  // namespace rtprof::agents
