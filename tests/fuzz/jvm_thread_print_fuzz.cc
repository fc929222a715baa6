// What a JVM prints of its threads.
#include <cstdint>
#include <string_view>

#include "jvm/jfr_stacks.h"
#include "jvm/thread_print.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  rtprof::jvm::JfrStacks stacks({.lines = true});
  for (const rtprof::jvm::PrintedThread& thread : rtprof::jvm::parse_thread_print(text)) {
    if (thread.tid <= 0) __builtin_trap();
    stacks.intern(thread);
  }
  return 0;
}
