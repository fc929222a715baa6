#include <cstddef>
#include <cstdint>
#include <span>

#include "python/line_table.h"

// The first byte chooses the format and the offset asked for, the rest is the table.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  constexpr rtprof::LineTableFormat kFormats[] = {
      rtprof::LineTableFormat::kLnotab,
      rtprof::LineTableFormat::kLineTable,
      rtprof::LineTableFormat::kLocations,
  };
  auto format = kFormats[data[0] % 3];
  std::span<const uint8_t> table(data + 1, size - 1);
  for (int64_t offset : {int64_t{-1}, int64_t{0}, int64_t{2 * (data[0] / 3)}, int64_t{1} << 40}) {
    rtprof::line_of(format, table, 100, offset);
  }
  return 0;
}
