#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

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

struct SampledObject {
  uint64_t bytes = 0;  // at least 1
  bool is_due = true;  // whether a sample of the object itself was due
  // So many samples that were due of others, of which it was chosen by their size.
  uint64_t stands_for = 0;
  int32_t thread = 0;
  uint64_t allocated = 0;  // bytes by the thread, up to the object's end; 0: not known
};

// Weighs what HotSpot samples. It takes an object of s bytes with the probability 1 - exp(-s / interval): the
// sum over what was sampled of 1 / that is unbiased (Horvitz and Thompson).
//
// Not so before JDK 17: there the next sample is due at a distance from the object's end that is drawn, less
// the object's size if it is more than that (ThreadHeapSampler::pick_next_sample, threadHeapSampler.cpp, with
// what ThreadLocalAllocBuffer::set_sample_end tells it). So a short distance that was drawn counts from the
// end, too, where it should have been within the object, and what follows a sampled object is sampled too
// often: by 1 + exp(-s / interval) for as many bytes as that has, which small objects after large ones show.
// How far an object is from the one sampled before tells with what probability it was taken. A mean
// correction of all was the alternative, which is right for the total only.
class SampleWeigher {
 public:
  // `interval`: mean bytes between samples. `samples_early`: as JDKs before kFirstWithEvenSamples do.
  SampleWeigher(uint64_t interval, bool samples_early)
      : interval_(static_cast<double>(interval)), samples_early_(samples_early) {}

  // Of the next sample of its thread.
  SampledWeight weigh(const SampledObject& object);
  // What so many samples stand for.
  double bytes_of(uint64_t samples) const;

 private:
  static constexpr size_t kMostThreads = 1 << 17;

  double probability(double size) const { return -std::expm1(-size); }
  double early_probability(const SampledObject& object, double size);

  double interval_;
  bool samples_early_;
  struct Sampled {
    uint64_t end = 0;  // bytes by the thread
    double size = 0;   // in intervals
  };
  std::unordered_map<int32_t, Sampled> last_;  // of a thread
};

// The first JDK that draws the next sample from the end of the one before on.
constexpr int kFirstWithEvenSamples = 17;
// Whether HotSpot's samples do not come so. JDK 8 draws none: the agent does.
constexpr bool samples_early(int feature) {
  return feature >= kFirstWithSampling && feature < kFirstWithEvenSamples;
}

}  // namespace rtprof::jvm
