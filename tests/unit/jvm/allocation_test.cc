#include "jvm/allocation.h"

#include <gtest/gtest.h>

#include <cmath>
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

// A sampler as HotSpot has it, over objects of several sizes in turn.
struct Truth {
  double bytes = 0;
  double objects = 0;
};
struct Estimated {
  double bytes = 0;
  double objects = 0;
  uint64_t samples = 0;
};

Estimated sample(const std::vector<uint64_t>& sizes, uint64_t interval, bool early, uint64_t rounds,
                 Truth& truth) {
  std::mt19937_64 random(7);
  std::exponential_distribution<double> draw(1.0 / static_cast<double>(interval));
  SampleWeigher weigher(interval, early);
  Estimated estimated;
  double left = draw(random);
  for (uint64_t i = 0; i < rounds; ++i) {
    uint64_t size = sizes[i % sizes.size()];
    auto bytes = static_cast<double>(size);
    truth.bytes += bytes;
    truth.objects += 1;
    if (bytes < left) {
      left -= bytes;
      continue;
    }
    double beyond = bytes - left;
    left = draw(random);
    if (early && left > beyond) left -= beyond;
    SampledWeight weight = weigher.weigh(size);
    estimated.bytes += weight.bytes;
    estimated.objects += weight.objects;
    ++estimated.samples;
  }
  return estimated;
}

TEST(AllocationTest, WeightsAddUpToWhatWasAllocated) {
  for (const auto& sizes :
       {std::vector<uint64_t>{16, 24, 40}, {4096, 2048, 40, 40}, {1 << 20, 64}, {300'000}}) {
    for (bool early : {false, true}) {
      Truth truth;
      Estimated estimated = sample(sizes, 64 << 10, early, 4'000'000, truth);
      double sigma = 1 / std::sqrt(static_cast<double>(estimated.samples));
      // What JDK 11's is corrected by is a mean, right within a percent.
      double slack = early ? 0.01 : 0;
      EXPECT_NEAR(estimated.bytes / truth.bytes, 1, 4 * sigma + slack) << sizes[0] << " " << early;
    }
  }
}

TEST(AllocationTest, ObjectsAreCountedToo) {
  Truth truth;
  Estimated estimated = sample({48}, 16 << 10, false, 20'000'000, truth);
  EXPECT_NEAR(estimated.objects / truth.objects, 1, 4 / std::sqrt(static_cast<double>(estimated.samples)));
}

}  // namespace
}  // namespace rtprof::jvm
