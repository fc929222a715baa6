#include "common/agent/agent_memory.h"

#include <algorithm>

namespace rtprof {

bool AgentMemory::read(Address address, void* destination, size_t size) const {
  auto* to = static_cast<uint8_t*>(destination);
  for (size_t done = 0; done < size;) {
    size_t part = std::min<size_t>(size - done, agents::kMostReadBytes);
    MemoryRange range{address + done, to + done, part};
    if (link_.read({&range, 1}) != 1) return false;
    done += part;
  }
  return true;
}

size_t AgentMemory::read_batch(std::span<const MemoryRange> ranges) const {
  size_t done = 0;
  while (done < ranges.size()) {
    size_t count = 0, bytes = 0;
    for (size_t i = done; i < ranges.size() && count < agents::kMostReadRanges; ++i, ++count) {
      bytes += ranges[i].size;
      if (bytes > agents::kMostReadBytes) break;
    }
    if (count == 0) {
      const MemoryRange& large = ranges[done];
      if (!read(large.address, large.destination, large.size)) return done;
      ++done;
      continue;
    }
    size_t got = link_.read(ranges.subspan(done, count));
    done += got;
    if (got < count) break;
  }
  return done;
}

}  // namespace rtprof
