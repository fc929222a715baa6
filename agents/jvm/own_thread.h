#pragma once

#include <pthread.h>

#include <cstdint>

namespace rtprof::agents::jvm {

// HotSpot's Thread of whoever runs this. HotSpot keeps it among libc's data of the thread
// (ThreadLocalStorage), and takes it away before it frees it. So it is known in a signal handler, too,
// whatever was interrupted: only Java code has it in a register.
class OwnThread {
 public:
  // On a thread of which it is known. False where HotSpot does not keep it there.
  bool find(const uint8_t* thread);
  // Null for a thread that is not HotSpot's. Of those that are, some are no JavaThread, and smaller.
  const uint8_t* get() const;

 private:
  pthread_key_t key_ = 0;
  bool is_found_ = false;
};

}  // namespace rtprof::agents::jvm
