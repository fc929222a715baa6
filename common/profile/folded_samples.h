#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "common/profile/packed_sums.h"
#include "common/profile/sample.h"

namespace rtprof {

class Series;

// Samples as if those of the same thread, stack and reason were one, in the order of these; their times are
// meaningless. Takes 4 bytes a sample; the samples outlive it and stay as they are.
class FoldedSamples {
 public:
  using Use = std::function<void(const Sample&)>;

  explicit FoldedSamples(std::span<const Sample> samples) : FoldedSamples(samples, {}) {}
  explicit FoldedSamples(const Series& series);

  void for_each(const Use& use) const;
  // Those of one thread, which is below thread_count().
  void of_thread(uint32_t thread, const Use& use) const;
  uint32_t thread_count() const { return static_cast<uint32_t>(first_.size() - 1); }

 private:
  FoldedSamples(std::span<const Sample> samples, std::span<const PackedSums> sums);

  std::span<const Sample> samples_;
  std::span<const PackedSums> sums_;  // by thread
  std::vector<uint32_t> order_;       // indices into samples_, sorted
  std::vector<size_t> first_;         // by thread, and one past the last: index into order_
};

}  // namespace rtprof
