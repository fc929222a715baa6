#include "agents/jvm/own_thread.h"

#include <unistd.h>

// The name that libc had for it before 2.34, and that newer ones have, too.
__asm__(".symver pthread_getspecific,pthread_getspecific@GLIBC_2.2.5");

namespace rtprof::agents::jvm {

bool OwnThread::find(const uint8_t* thread) {
  long keys = ::sysconf(_SC_THREAD_KEYS_MAX);
  is_found_ = false;
  for (long key = 0; key < keys && !is_found_; ++key) {
    key_ = static_cast<pthread_key_t>(key);
    is_found_ = ::pthread_getspecific(key_) == thread;
  }
  return is_found_;
}

const uint8_t* OwnThread::get() const {
  return is_found_ ? static_cast<const uint8_t*>(::pthread_getspecific(key_)) : nullptr;
}

}  // namespace rtprof::agents::jvm
