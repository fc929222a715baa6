#include <cstdint>
#include <cstring>
#include <span>

#include "python/code_cache.h"
#include "python/layout.h"
#include "python/objects.h"
#include "tests/fuzz/arbitrary_memory.h"

namespace {

using rtprof::Address;

constexpr size_t kLimit = 1 << 16;

void read_everything(const rtprof::ArbitraryMemory& memory, const rtprof::PythonLayout& layout,
                     Address address) {
  auto text = rtprof::read_string(memory, layout, address, kLimit);
  if (text && text->size() > kLimit * 3) __builtin_trap();
  rtprof::type_name_of(memory, layout, address);
  rtprof::CodeCache cache(memory, layout, 0);
  const Address codes[] = {address, address + 8, address + 16};
  for (int batch = 0; batch < 2; ++batch) {
    cache.begin_batch();
    cache.check(codes);
    for (Address code : codes) cache.offset_of(cache.version_of(code), address ^ code << 1);
  }
}

}  // namespace

// The input: a version, an address, and the bytes that are the target's memory.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kHead = 9;
  if (size < kHead + 64) return 0;
  rtprof::PythonVersion version;
  version.major = 3;
  version.minor = 8 + data[0] % 5;
  auto layout = rtprof::layout_of(version);
  if (!layout) __builtin_trap();
  Address address;
  std::memcpy(&address, data + 1, sizeof address);
  rtprof::ArbitraryMemory memory(std::span(data + kHead, size - kHead));
  read_everything(memory, *layout, address);
  // The same memory as the start of a _PyRuntime.
  auto own = rtprof::layout_from_debug_offsets(std::span(data + kHead, size - kHead));
  if (own) read_everything(memory, *own, address);
  return 0;
}
