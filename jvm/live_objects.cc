#include "jvm/live_objects.h"

#include <algorithm>

#include "agents/jvm/protocol.h"

namespace rtprof::jvm {
namespace {

using agents::jvm::is_kept;

constexpr uint64_t kMostHalvings = 31;

}  // namespace

bool LiveObjects::add(uint64_t number, const Object& object) {
  if (number == 0 || objects_.size() >= kMost) return false;
  if (is_kept(number, halvings_)) objects_[number] = object;
  return true;
}

void LiveObjects::surveyed(uint64_t collections) {
  surveyed_ = std::max(surveyed_, collections);
}

void LiveObjects::thinned(uint64_t halvings) {
  halvings_ = std::clamp(halvings, halvings_, kMostHalvings);
  std::erase_if(objects_, [this](const auto& each) { return !is_kept(each.first, halvings_); });
}

}  // namespace rtprof::jvm
