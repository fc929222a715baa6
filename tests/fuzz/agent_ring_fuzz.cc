// A ring in which a target may have written anything, with records of allocations, while it is read in parts.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "agents/protocol.h"
#include "common/agent/ring_reader.h"
#include "jvm/allocation.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rtprof;  // NOLINT(google-build-using-namespace)
  constexpr uint64_t kCapacity = 4096;
  std::vector<uint8_t> memory(agents::kRingData + kCapacity);
  RingReader reader(memory);
  auto* header = reinterpret_cast<agents::RingHeader*>(memory.data());
  volatile size_t sum = 0;
  auto use = [&](agents::RecordType, std::span<const uint8_t> record) {
    auto allocation = jvm::parse_allocation(record);
    if (!allocation) return;
    sum = sum + jvm::type_name(allocation->type).size();
    for (uint8_t byte : allocation->stack.stack) sum = sum + byte;
  };
  // Each round moves the head by what its first two bytes say and fills the data with what follows.
  for (std::span<const uint8_t> input(data, size); input.size() > 2;) {
    uint16_t moved;
    std::memcpy(&moved, input.data(), sizeof moved);
    input = input.subspan(sizeof moved);
    size_t bytes = std::min<size_t>(input.size(), kCapacity);
    std::memcpy(memory.data() + agents::kRingData, input.data(), bytes);
    input = input.subspan(bytes);
    header->head += moved;
    reader.drain(use);
  }
  return 0;
}
