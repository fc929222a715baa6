// A chunk of a recording of the JVM's, read as it grows: the first byte tells where it is cut.
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "jvm/jfr_chunk.h"
#include "jvm/jfr_stacks.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rtprof::jvm;  // NOLINT(google-build-using-namespace)
  if (size < 1) return 0;
  std::span bytes(data + 1, size - 1);
  if (bytes.size() >= JfrHeader::kSize) {
    auto header = JfrHeader::parse(bytes.first<JfrHeader::kSize>());
    if (header) header->time_of(header->start_ticks + 1'000'000);
  }
  size_t cut = bytes.size() * data[0] / 256;
  JfrChunk chunk;
  std::vector<JfrEvent> events;
  if (chunk.read(bytes.first(cut), events)) chunk.read(bytes.subspan(cut), events);
  if (events.size() > size) __builtin_trap();
  JfrStacks stacks({.lines = true, .marks = true, .signatures = true});
  for (const JfrEvent& event : events) {
    chunk.constants().thread(event.thread);
    stacks.intern(chunk.constants(), chunk.constants().trace(event.trace));
  }
  return 0;
}
