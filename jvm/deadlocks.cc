#include "jvm/deadlocks.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace rtprof::jvm {
namespace {

constexpr int kMostTries = 10;
constexpr std::chrono::milliseconds kBetweenTries{1};

}  // namespace

std::vector<std::vector<size_t>> find_cycles(std::span<const std::optional<size_t>> holders) {
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

bool is_deadlock(const CycleLook& cycle) {
  for (int tries = 0; tries < kMostTries; ++tries) {
    if (tries != 0) std::this_thread::sleep_for(kBetweenTries);
    auto before = cycle.times();
    bool all_sleep =
        std::all_of(before.begin(), before.end(), [](const auto& times) { return times.has_value(); });
    if (!all_sleep) continue;
    bool first = cycle.is_cycle();
    bool second = cycle.is_cycle();
    bool has_stood = cycle.times() == before;
    if (has_stood && first == second) return first;
  }
  return false;
}

}  // namespace rtprof::jvm
