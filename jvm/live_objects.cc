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
  if (!surveys_.empty() && collections <= surveys_.back()) return;
  surveys_.push_back(collections);
  if (surveys_.size() > kMostSurveys) surveys_.pop_front();
}

// Where only pauses are known each survey tells of one collection, and if there was another meanwhile that is
// not known.
uint64_t LiveObjects::age(const Object& object) const {
  auto after = std::upper_bound(surveys_.begin(), surveys_.end(), object.collections);
  if (after == surveys_.end()) return 0;
  return counts_collections_ ? surveys_.back() - object.collections
                             : static_cast<uint64_t>(surveys_.end() - after);
}

void LiveObjects::thinned(uint64_t halvings) {
  halvings_ = std::clamp(halvings, halvings_, kMostHalvings);
  std::erase_if(objects_, [this](const auto& each) { return !is_kept(each.first, halvings_); });
}

}  // namespace rtprof::jvm
