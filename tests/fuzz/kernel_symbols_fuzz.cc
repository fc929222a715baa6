#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kernel/kernel_symbols.h"

// Any text as /proc/kallsyms.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto symbols = rtprof::kernel::KernelSymbols::parse({reinterpret_cast<const char*>(data), size});
  for (int bit = 0; bit < 64; ++bit) {
    symbols.find(uint64_t{1} << bit);
    symbols.find(~(uint64_t{1} << bit));
  }
  return 0;
}
