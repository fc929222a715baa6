#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/profile/event.h"

namespace rtprof::jvm {

// A thread as HotSpot prints it (jcmd PID Thread.print).
struct PrintedThread {
  struct Frame {
    std::string method;  // "java/util/HashMap.get"
    int32_t line = 0;    // 0: not told
  };
  int64_t tid = 0;                // in the JVM's own pid namespace
  Reason reason = Reason::kNone;  // what it waits for; kNone: it runs, or waits in a native method
  std::vector<Frame> leaf_first;  // none where it runs no Java
};

// Of all that was printed; what makes no sense is passed over.
std::vector<PrintedThread> parse_thread_print(std::string_view text);

}  // namespace rtprof::jvm
