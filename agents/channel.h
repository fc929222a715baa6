#pragma once

#include <cstddef>

#include "agents/protocol.h"

namespace rtprof::agents {

// The agent's end of the socket to rtprof. Nothing here raises a signal.
class Channel {
 public:
  // Connects to a socket of ours, of root's, or of one who is not known in our user namespace (root outside a
  // container); false where there is none.
  bool connect(const char* path);
  bool send(const void* message, size_t size) const;
  // A message of just `size` bytes with two descriptors, which are the caller's then. False where none comes
  // within `timeout_ms`, or another.
  bool receive(void* message, size_t size, int (&descriptors)[2], int timeout_ms) const;
  // The next message, of at most `capacity` bytes: its size; 0 where none comes within `timeout_ms` or before
  // `also`, a descriptor or -1, is readable, and -1 when the other side is gone or says more than that.
  long receive(void* message, size_t capacity, int timeout_ms, int also = -1) const;
  void close();

 private:
  bool is_trusted() const;

  int socket_ = -1;
};

}  // namespace rtprof::agents
