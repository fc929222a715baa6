#include "common/profile/quality.h"

#include <algorithm>
#include <bit>

namespace rtprof {
namespace {

// 32 buckets for each power of two.
constexpr unsigned kFractionBits = 5;

size_t bucket_of(uint64_t value) {
  if (value < (1U << kFractionBits)) return value;
  unsigned exponent = std::bit_width(value) - 1;
  uint64_t fraction = (value >> (exponent - kFractionBits)) - (1U << kFractionBits);
  return ((exponent - kFractionBits + 1) << kFractionBits) + fraction;
}

uint64_t middle_of(size_t bucket) {
  if (bucket < (1U << kFractionBits)) return bucket;
  unsigned shift = static_cast<unsigned>(bucket >> kFractionBits) - 1;
  uint64_t low = ((bucket & ((1U << kFractionBits) - 1)) + (1U << kFractionBits)) << shift;
  return low + ((uint64_t{1} << shift) >> 1);
}

}  // namespace

void PauseHistogram::add(Nanoseconds held) {
  held = std::max<Nanoseconds>(held, 0);
  size_t bucket = bucket_of(static_cast<uint64_t>(held));
  if (buckets_.size() <= bucket) buckets_.resize(bucket + 1, 0);
  ++buckets_[bucket];
  ++count_;
  total_ += held;
  max_ = std::max(max_, held);
}

Nanoseconds PauseHistogram::percentile(double share) const {
  if (count_ == 0) return 0;
  auto wanted = static_cast<uint64_t>(share * static_cast<double>(count_ - 1)) + 1;
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= wanted) return std::min(static_cast<Nanoseconds>(middle_of(bucket)), max_);
  }
  return max_;
}

}  // namespace rtprof
