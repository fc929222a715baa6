#include "common/profile/series.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "common/profile/folded_samples.h"

namespace rtprof {
namespace {

// The first step when memory runs short; it doubles from there.
constexpr Nanoseconds kFirstStep = 100 * kMillisecond;

void merge(Sample& into, const Sample& sample) {
  TimePoint end = std::max(into.start + into.duration, sample.start + sample.duration);
  into.start = std::min(into.start, sample.start);
  into.duration = end - into.start;
  into.weight += sample.weight;
  into.count += sample.count;
}

bool same_place(const Sample& a, const Sample& b) {
  return a.thread == b.thread && a.stack == b.stack && a.reason == b.reason;
}

}  // namespace

bool Series::fold(Sample& last, const Sample& sample) const {
  if (!same_place(last, sample)) return false;
  if (resolution_ != 0 && last.start / resolution_ != sample.start / resolution_) return false;
  merge(last, sample);
  return true;
}

void Series::add(const Sample& sample) {
  total_weight_ += sample.weight;
  total_count_ += sample.count;
  // Growing by doubling would hold the samples twice for a while, and leave holes in the heap.
  if (samples_.capacity() <= limit()) samples_.reserve(limit() + 1);
  if (last_of_thread_.size() <= sample.thread) last_of_thread_.resize(sample.thread + 1, 0);
  uint32_t last = last_of_thread_[sample.thread];
  if (last != 0 && fold(samples_[last - 1], sample)) return;
  samples_.push_back(sample);
  last_of_thread_[sample.thread] = static_cast<uint32_t>(samples_.size());
  if (samples_.size() > limit()) coarsen();
}

std::vector<Sample> Series::take() {
  std::vector<Sample> taken;
  if (has_times()) {
    taken = std::exchange(samples_, {});
  } else {
    FoldedSamples(*this).for_each([&](const Sample& sample) { taken.push_back(sample); });
    samples_.clear();
    sums_.clear();
  }
  std::fill(last_of_thread_.begin(), last_of_thread_.end(), 0);
  resolution_ = 0;
  return taken;
}

size_t Series::memory_use() const {
  size_t bytes = samples_.capacity() * sizeof(Sample) + last_of_thread_.capacity() * sizeof(uint32_t);
  for (const PackedSums& sums : sums_) bytes += sizeof sums + sums.memory_use();
  return bytes;
}

// Samples of one step, thread, stack and reason become one.
void Series::merge_steps() {
  auto key = [this](const Sample& s) {
    return std::make_tuple(s.start / resolution_, s.thread, s.stack, s.reason);
  };
  std::sort(samples_.begin(), samples_.end(),
            [&](const Sample& a, const Sample& b) { return key(a) < key(b); });
  size_t kept = 0;
  for (size_t i = 1; i < samples_.size(); ++i) {
    if (key(samples_[kept]) == key(samples_[i])) {
      merge(samples_[kept], samples_[i]);
    } else {
      samples_[++kept] = samples_[i];
    }
  }
  samples_.resize(samples_.empty() ? 0 : kept + 1);
}

void Series::coarsen() {
  // Coarsening until half is free keeps its cost at a constant share of adding.
  constexpr Nanoseconds kWidestStep = Nanoseconds{1} << 60;
  // What was added since the last time has not been merged yet: the present step may still do.
  if (resolution_ != 0) merge_steps();
  while (samples_.size() > limit() / 2 && resolution_ < kWidestStep) {
    resolution_ = resolution_ == 0 ? kFirstStep : resolution_ * 2;
    merge_steps();
  }
  if (samples_.size() > limit() / 2) give_up_times();
  std::fill(last_of_thread_.begin(), last_of_thread_.end(), 0);
  for (size_t i = 0; i < samples_.size(); ++i) {
    last_of_thread_[samples_[i].thread] = static_cast<uint32_t>(i + 1);
  }
}

void Series::give_up_times() {
  sums_.resize(last_of_thread_.size());
  FoldedSamples folded(*this);
  PackedSums packed;
  for (uint32_t thread = 0; thread < folded.thread_count(); ++thread) {
    packed.clear();
    folded.of_thread(thread, [&](const Sample& sample) { packed.push_back(sample); });
    sums_[thread] = packed;
  }
  samples_ = std::vector<Sample>();  // unlike clear(), gives back its memory
}

}  // namespace rtprof
