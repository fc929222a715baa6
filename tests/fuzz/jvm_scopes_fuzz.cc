#include <cstdint>
#include <cstring>
#include <span>

#include "jvm/compiled_frame.h"
#include "jvm/methods.h"
#include "jvm/scopes.h"
#include "tests/unit/jvm/hotspot.h"

// The input: two numbers, and bytes that stand for whatever HotSpot writes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kHead = 8;
  if (size < kHead) return 0;
  uint32_t numbers[2];
  std::memcpy(numbers, data, sizeof numbers);
  std::span bytes(data + kHead, size - kHead);
  rtprof::jvm::Layout layout = rtprof::test::hotspot_17_layout();
  layout.numbers_without_zero = (numbers[1] & 1) != 0;
  rtprof::jvm::scope_offset(layout, bytes, numbers[0], (numbers[1] & 2) != 0);
  if (rtprof::jvm::recorded_scopes(layout, bytes, numbers[0] % 4096).size() > 256) __builtin_trap();
  rtprof::jvm::line_in_table(layout, bytes, static_cast<int32_t>(numbers[1]));
  rtprof::jvm::ends_with_call(bytes);
  size_t half = bytes.size() / 2;
  rtprof::jvm::CompiledCode code{.frame_bytes = numbers[0] % 4096, .pc = numbers[1] % 256};
  code.before = bytes.first(half);
  code.after = bytes.subspan(half);
  rtprof::jvm::frame_shape(code);
  code.prologue = bytes;
  rtprof::jvm::frame_shape(code);
  rtprof::jvm::stub_prologue(code);
  return 0;
}
