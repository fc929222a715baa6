#include "common/profile/folded_samples.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "common/profile/series.h"

namespace rtprof {
namespace {

std::pair<uint32_t, Reason> place_of(const Sample& sample) {
  return {sample.stack, sample.reason};
}

}  // namespace

FoldedSamples::FoldedSamples(const Series& series) : FoldedSamples(series.samples(), series.sums()) {}

FoldedSamples::FoldedSamples(std::span<const Sample> samples, std::span<const PackedSums> sums)
    : samples_(samples), sums_(sums), order_(samples.size()), first_(sums.size() + 1) {
  std::iota(order_.begin(), order_.end(), 0U);
  std::sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
    if (samples[a].thread != samples[b].thread) return samples[a].thread < samples[b].thread;
    return place_of(samples[a]) < place_of(samples[b]);
  });
  if (!order_.empty()) first_.resize(std::max(first_.size(), samples[order_.back()].thread + size_t{2}));
  for (const Sample& sample : samples) ++first_[sample.thread + 1];
  std::partial_sum(first_.begin(), first_.end(), first_.begin());
}

void FoldedSamples::for_each(const Use& use) const {
  for (uint32_t thread = 0; thread < thread_count(); ++thread) of_thread(thread, use);
}

// Merges two lists in the order of stack and reason.
void FoldedSamples::of_thread(uint32_t thread, const Use& use) const {
  const PackedSums none;
  PackedSums::Reader reader(thread < sums_.size() ? sums_[thread] : none);
  Sample packed;
  packed.thread = thread;
  bool has_packed = reader.next(packed);
  size_t at = first_[thread];
  size_t end = first_[thread + 1];
  auto next = [&]() -> const Sample& { return samples_[order_[at]]; };
  while (has_packed || at < end) {
    bool packed_first = has_packed && (at == end || place_of(packed) <= place_of(next()));
    Sample sum = packed_first ? packed : next();
    if (packed_first) has_packed = reader.next(packed);
    if (!packed_first) ++at;
    for (; at < end && place_of(next()) == place_of(sum); ++at) {
      sum.weight += next().weight;
      sum.count += next().count;
    }
    use(sum);
  }
}

}  // namespace rtprof
