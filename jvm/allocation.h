#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rtprof::jvm {

// "java.lang.String" of "Ljava/lang/String;", "int[][]" of "[[I". As it is where it is none of these.
std::string type_name(std::string_view signature);

// What a sampled allocation stands for.
struct SampledWeight {
  double bytes = 0;
  double objects = 0;
};

// The first JDK whose JVMTI samples allocations.
constexpr int kFirstWithSampling = 11;

// Weighs what HotSpot samples. It takes an object of s bytes with the probability 1 - exp(-s / interval): the
// sum over what was sampled of 1 / that is unbiased (Horvitz and Thompson).
class SampleWeigher {
 public:
  // `interval`: mean bytes between samples. `samples_early`: as JDKs before kFirstWithEvenSamples do.
  SampleWeigher(uint64_t interval, bool samples_early)
      : interval_(static_cast<double>(interval)), samples_early_(samples_early) {}

  // Of the next sample: an object of so many bytes, at least 1. `is_due`: whether it is one of itself.
  // `stands_for`: so many samples that were due of others, of which it was chosen by their size.
  SampledWeight weigh(uint64_t bytes, bool is_due = true, uint64_t stands_for = 0);
  // What so many samples stand for.
  double bytes_of(uint64_t samples) const;

 private:
  double interval_;
  bool samples_early_;
  double early_ =
      0;  // sum over the samples of the share of an interval by which the next one comes too early
  double samples_ = 0;
};

// The first JDK that draws the next sample from the end of the one before on. JDK 11 takes off what the
// object had beyond the point that was due, where that is less than what was drawn
// (ThreadHeapSampler::pick_next_sample in threadHeapSampler.cpp), which comes too early by o exp(-o /
// interval) bytes for o such bytes.
constexpr int kFirstWithEvenSamples = 17;
// Whether HotSpot's samples come so. JDK 8 draws none: the agent does.
constexpr bool samples_early(int feature) {
  return feature >= kFirstWithSampling && feature < kFirstWithEvenSamples;
}

}  // namespace rtprof::jvm
