#include "jvm/allocation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <vector>

namespace rtprof::jvm {
namespace {

TEST(AllocationTest, TypesAreNamedAsInSourceCode) {
  EXPECT_EQ(type_name("Ljava/lang/String;"), "java.lang.String");
  EXPECT_EQ(type_name("Ljava/util/HashMap$Node;"), "java.util.HashMap$Node");
  EXPECT_EQ(type_name("[B"), "byte[]");
  EXPECT_EQ(type_name("[[J"), "long[][]");
  EXPECT_EQ(type_name("[Ljava/lang/Object;"), "java.lang.Object[]");
  EXPECT_EQ(type_name("LMain$$Lambda.0x00007f;"), "Main$$Lambda.0x00007f");
  for (std::string_view odd : {"", "[", "L", "L;", "Q", "[[", "Ljava"}) EXPECT_EQ(type_name(odd), odd);
}

// What is true of a size, or was found.
struct Sum {
  double bytes = 0;
  double objects = 0;
  uint64_t samples = 0;
};
struct Sampled {
  std::map<uint64_t, Sum> truth, found;
};

// A sampler as HotSpot has it, over objects of several sizes in turn.
Sampled sample(const std::vector<uint64_t>& sizes, uint64_t interval, bool early, uint64_t rounds) {
  std::mt19937_64 random(7);
  std::exponential_distribution<double> draw(1.0 / static_cast<double>(interval));
  SampleWeigher weigher(interval, early);
  Sampled sampled;
  double left = draw(random);
  uint64_t allocated = 0;
  for (uint64_t i = 0; i < rounds; ++i) {
    uint64_t size = sizes[i % sizes.size()];
    auto bytes = static_cast<double>(size);
    allocated += size;
    Sum& truth = sampled.truth[size];
    truth.bytes += bytes;
    truth.objects += 1;
    if (bytes < left) {
      left -= bytes;
      continue;
    }
    left = draw(random);
    if (early && left > bytes) left -= bytes;
    SampledWeight weight = weigher.weigh({.bytes = size, .thread = 1, .allocated = allocated});
    Sum& found = sampled.found[size];
    found.bytes += weight.bytes;
    found.objects += weight.objects;
    ++found.samples;
  }
  return sampled;
}

// One type after the other, as programs allocate, and not in a random order.
TEST(AllocationTest, WeightsOfEachSizeAddUpToWhatWasAllocated) {
  std::vector<uint64_t> small_after_large(103, 40);
  small_after_large[0] = 4096;
  for (const auto& sizes : {std::vector<uint64_t>{16, 24, 40},
                            {4096, 2048, 40, 40},
                            {1 << 20, 64},
                            {32 << 10, 32 << 10, 4096},
                            {300'000},
                            small_after_large}) {
    for (bool early : {false, true}) {
      Sampled sampled = sample(sizes, 64 << 10, early, 8'000'000);
      for (const auto& [size, truth] : sampled.truth) {
        // Next to nothing of what is that small beside the rest is sampled.
        if (sampled.found[size].samples < 400) continue;
        const Sum& found = sampled.found[size];
        double sigma = 1 / std::sqrt(static_cast<double>(found.samples));
        EXPECT_NEAR(found.bytes / truth.bytes, 1, 4 * sigma) << size << " after " << sizes[0] << " " << early;
        EXPECT_NEAR(found.objects / truth.objects, 1, 4 * sigma)
            << size << " after " << sizes[0] << " " << early;
      }
    }
  }
}

TEST(AllocationTest, WhatAThreadHasAllocatedMayMakeNoSense) {
  SampleWeigher weigher(1024, true);
  for (uint64_t allocated : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}, uint64_t{1} << 40, uint64_t{1} << 40}) {
    for (uint64_t bytes : {uint64_t{1}, uint64_t{1} << 20, uint64_t{1} << 46}) {
      SampledWeight weight = weigher.weigh({.bytes = bytes, .thread = 1, .allocated = allocated});
      EXPECT_GE(weight.bytes, static_cast<double>(bytes)) << allocated;
      EXPECT_LE(weight.bytes, static_cast<double>(bytes) + 1024 * 2) << allocated;
    }
  }
}

}  // namespace
}  // namespace rtprof::jvm
