#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "native/perf_map.h"

// Any text as a perf map, in two pieces as it would be read while it grows: the pieces hold what the whole
// does.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  rtprof::native::PerfMapEntries whole;
  rtprof::native::PerfMapEntries pieces;
  size_t used = whole.add(text);
  size_t first = pieces.add(text.substr(0, size / 2));
  if (first + pieces.add(text.substr(first)) != used || whole.size() != pieces.size()) std::abort();
  for (int bit = 0; bit < 64; ++bit) {
    uint64_t address = uint64_t{1} << bit;
    if (whole.find(address) != pieces.find(address)) std::abort();
  }
  return 0;
}
