#include <cstdint>
#include <cstring>
#include <span>

#include "jvm/layout.h"
#include "jvm/vm_structs.h"
#include "tests/fuzz/arbitrary_memory.h"

// The input: where the exported variables begin, how many pages are missing, and the bytes that are the
// target's memory. What is read of them has to make a layout, or a reason why not.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kHead = 9;
  if (size <= kHead) return 0;
  rtprof::Address address;
  std::memcpy(&address, data, sizeof address);
  rtprof::ArbitraryMemory memory(std::span(data + kHead, size - kHead), data[8]);
  auto symbol = [&](std::string_view name) { return address + name.size() * 8; };
  auto structs = rtprof::jvm::VmStructs::read(memory, symbol);
  if (!structs) {
    if (structs.failure().message.empty()) __builtin_trap();
    return 0;
  }
  rtprof::jvm::version_of(*structs, memory);
  rtprof::jvm::layout_of(*structs, {17, "17"}).ok();
  return 0;
}
