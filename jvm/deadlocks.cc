#include "jvm/deadlocks.h"

#include <algorithm>

namespace rtprof::jvm {

std::vector<std::vector<size_t>> find_deadlocks(std::span<const std::optional<size_t>> holders) {
  constexpr size_t kNever = 0;
  std::vector<std::vector<size_t>> cycles;
  std::vector<size_t> visit(holders.size(), kNever);  // in which walk each was met first
  for (size_t start = 0; start < holders.size(); ++start) {
    const size_t walk = start + 1;
    std::optional<size_t> at = start;
    while (at && *at < holders.size() && visit[*at] == kNever) {
      visit[*at] = walk;
      at = holders[*at];
    }
    if (!at || *at >= holders.size() || visit[*at] != walk) continue;
    std::vector<size_t> cycle;
    for (size_t each = *at; cycle.empty() || each != *at; each = *holders[each]) cycle.push_back(each);
    // One that waits for itself does not wait for another: a lock that changed hands while it was read.
    if (cycle.size() > 1) cycles.push_back(std::move(cycle));
  }
  return cycles;
}

}  // namespace rtprof::jvm
