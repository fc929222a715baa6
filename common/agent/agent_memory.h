#pragma once

#include "common/agent/agent_link.h"
#include "common/process/memory.h"

namespace rtprof {

// Memory of a process that is closed to us, read by our agent in it: some 20 µs for up to
// agents::kMostReadBytes.
class AgentMemory final : public Memory {
 public:
  // `link` outlives this.
  explicit AgentMemory(const AgentLink& link) : link_(link) {}

  bool read(Address address, void* destination, size_t size) const override;
  size_t read_batch(std::span<const MemoryRange> ranges) const override;

 private:
  const AgentLink& link_;
};

}  // namespace rtprof
