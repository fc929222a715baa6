// What somebody may say to an agent: the text that it is loaded with, and the messages that start it and tell
// it more.
#include <cstdint>
#include <cstring>
#include <string>

#include "agents/jvm/start.h"
#include "agents/options.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rtprof::agents;  // NOLINT(google-build-using-namespace)
  std::string text(reinterpret_cast<const char*>(data), size);
  Options options;
  if (parse_options(text.c_str(), options) && std::strlen(options.path) == 0) __builtin_trap();
  jvm::Knowledge knowledge;
  std::memcpy(&knowledge, data, size < sizeof knowledge ? size : sizeof knowledge);
  if (jvm::is_valid(knowledge, options.secret) && knowledge.chunks.thread_entry >= jvm::kLargestOffset)
    __builtin_trap();
  Read read;
  std::memcpy(&read, data, size < sizeof read ? size : sizeof read);
  if (jvm::is_valid(read, options.secret)) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < read.count; ++i) bytes += read.ranges[i].size;
    if (read.count > kMostReadRanges || bytes > kMostReadBytes) __builtin_trap();
  }
  jvm::Flush flush;
  std::memcpy(&flush, data, size < sizeof flush ? size : sizeof flush);
  if (jvm::is_valid(flush, options.secret) && flush.header.type != MessageType::kFlush) __builtin_trap();
  jvm::Start start;
  std::memcpy(&start, data, size < sizeof start ? size : sizeof start);
  if (!jvm::is_valid(start, options.secret)) return 0;
  if (start.allocation_interval == 0 || start.thread.stack_base >= jvm::kLargestOffset) __builtin_trap();
  return 0;
}
