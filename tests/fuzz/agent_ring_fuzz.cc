// A ring in which a target may have written anything, with samples and notes, while it is read in parts.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "agents/protocol.h"
#include "common/agent/ring_reader.h"
#include "jvm/agent_records.h"
#include "jvm/allocation.h"
#include "jvm/live_objects.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rtprof;  // NOLINT(google-build-using-namespace)
  constexpr uint64_t kCapacity = 4096;
  std::vector<uint8_t> memory(agents::kRingData + kCapacity);
  RingReader reader(memory);
  auto* header = reinterpret_cast<agents::RingHeader*>(memory.data());
  volatile size_t sum = 0;
  jvm::LiveObjects live(true);
  auto use = [&](agents::RecordType type, std::span<const uint8_t> record) {
    if (auto number = jvm::parse_agent_note(record)) {
      if (type == agents::RecordType::kCollected) live.collected(*number);
      if (type == agents::RecordType::kSurveyed) live.surveyed(*number);
      if (type == agents::RecordType::kThinned) live.thinned(*number);
    }
    if (auto thread = jvm::parse_interrupted_thread(record)) {
      for (uint8_t byte : thread->stack.stack) sum = sum + byte;
      for (uint8_t byte : thread->stack.attached) sum = sum + byte;
    }
    auto sample = jvm::parse_agent_sample(record);
    if (!sample) return;
    live.add(sample->detail, {.collections = sample->collections});
    sum = sum + jvm::type_name(sample->type).size();
    for (uint8_t byte : sample->stack.stack) sum = sum + byte;
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
