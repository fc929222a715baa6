#include "jvm/jfr_keeper.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

namespace rtprof::jvm {
namespace {

constexpr time_t kPatienceSeconds = 10;

void say(const void* subject) {
  const auto& command = *static_cast<const JfrKeeper::Command*>(subject);
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

}  // namespace

Result<JfrKeeper> JfrKeeper::start(const Command& command) {
  auto keeper =
      Keeper::start({"recording-stop", "stop the recording", command.directory, command.user, command.group},
                    say, &command);
  if (!keeper) return keeper.failure();
  return JfrKeeper(std::move(*keeper));
}

}  // namespace rtprof::jvm
