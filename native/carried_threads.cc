#include "native/carried_threads.h"

#include <limits>

#include "common/base/id_index.h"

namespace rtprof::native {
namespace {

// A service may make one for each request. Later ones are shown as the threads that carry them.
constexpr size_t kMostThreads = 20'000;
// Those that are in use are met again soon after all were forgotten.
constexpr size_t kMostPlaces = 1 << 16;

}  // namespace

size_t CarriedThreads::PlaceHash::operator()(const Place& place) const {
  return mix_bits(mix_bits(place.stack) ^ static_cast<uint64_t>(place.tid));
}

void CarriedThreads::met(pid_t tid, uint64_t stack, const CarriedThread* carried) {
  constexpr auto kMostId = static_cast<uint64_t>(std::numeric_limits<pid_t>::max());
  bool is_shown = carried != nullptr && carried->id <= kMostId &&
                  (names_.size() < kMostThreads || names_.contains(carried->id));
  if (!is_shown) {
    owners_.erase({tid, stack});
    return;
  }
  pid_t shown = -static_cast<pid_t>(carried->id);
  auto [name, is_new] = names_.try_emplace(carried->id);
  // It may get its name, or another, while it runs.
  if (is_new || (!carried->name.empty() && carried->name != name->second)) {
    name->second = carried->name;
    recorder_.thread_name({pid_, shown}, carried->name);
  }
  if (owners_.size() >= kMostPlaces) owners_.clear();
  owners_[{tid, stack}] = shown;
}

pid_t CarriedThreads::owner(pid_t tid, uint64_t stack) const {
  auto found = owners_.find({tid, stack});
  return found == owners_.end() ? tid : found->second;
}

}  // namespace rtprof::native
