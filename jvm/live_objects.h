#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <unordered_map>

#include "common/sampler/recorder.h"

namespace rtprof::jvm {

// Sampled objects that the agent follows, until they are gone (agents/jvm/protocol.h, Note). Bounded by what
// the agent has room for: whatever a target says beyond that is refused.
class LiveObjects {
 public:
  struct Object {
    RawSample sample;
    double objects = 0;  // that the sample stands for
    uint64_t collections = 0;
    std::string_view type;
  };

  // `counts_collections`: what objects and surveys tell are collections, and not their pauses, of which each
  // has several.
  explicit LiveObjects(bool counts_collections) : counts_collections_(counts_collections) {}

  // False where it is not known what becomes of it.
  bool add(uint64_t number, const Object& object);
  void collected(uint64_t number) { objects_.erase(number); }
  void surveyed(uint64_t collections);
  void thinned(uint64_t halvings);

  // How many collections an object has survived; 0: none has looked at it yet.
  uint64_t age(const Object& object) const;
  // Of each of those that are followed as many stand for themselves and for others.
  double scale() const { return static_cast<double>(uint64_t{1} << halvings_); }
  const std::unordered_map<uint64_t, Object>& all() const { return objects_; }

 private:
  static constexpr size_t kMost = 1 << 18;

  static constexpr size_t kMostSurveys = 1 << 16;

  bool counts_collections_;
  std::unordered_map<uint64_t, Object> objects_;
  std::deque<uint64_t> surveys_;  // what they told, from less to more; the last ones
  uint64_t halvings_ = 0;
};

}  // namespace rtprof::jvm
