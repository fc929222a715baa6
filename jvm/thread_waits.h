#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/process/memory.h"
#include "jvm/java_threads.h"

namespace rtprof::jvm {

// What a Java thread waits for.
struct ThreadWait {
  std::string_view reason;  // "blocked on monitor", "parked"; empty when it does not wait
  std::string lock;         // "java.lang.Object@0x7f12", as far as known
  Address holder = 0;       // of the lock: JavaThread::address; 0 where not known
  bool is_blocked = false;  // on a monitor that another thread has
  bool may_last = false;    // until the holder lets go, and not for a limited time

  bool operator==(const ThreadWait&) const = default;
};

// Of each of all threads, read while the program runs: true of a thread that slept all the while.
std::vector<ThreadWait> waits_of(const Memory& memory, const Layout& layout,
                                 std::span<const JavaThread> threads, JavaObjects& objects);

// "java.util.Map$Entry" of "java/util/Map$Entry", "byte[][]" of "[[B".
std::string source_name(std::string_view class_name);

}  // namespace rtprof::jvm
