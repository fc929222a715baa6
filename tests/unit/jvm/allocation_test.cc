#include "jvm/allocation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

namespace rtprof::jvm {
namespace {

std::vector<uint8_t> record_of(std::string_view name, uint32_t stack_bytes, uint32_t chunk_bytes = 0) {
  size_t stack_at = (sizeof(agents::jvm::Allocation) + name.size() + 15) / 16 * 16;
  size_t chunks_at = stack_at + (stack_bytes + 15) / 16 * 16;
  std::vector<uint8_t> bytes(chunks_at + (chunk_bytes + 15) / 16 * 16);
  auto* record = reinterpret_cast<agents::jvm::Allocation*>(bytes.data());
  record->header.size = static_cast<uint32_t>(bytes.size());
  record->time = 12345;
  record->bytes = 48;
  record->tid = 77;
  record->name_size = static_cast<uint32_t>(name.size());
  record->stack = {0x1000, 0x7f00, 0x7f80, stack_bytes, 0};
  std::memcpy(bytes.data() + sizeof(agents::jvm::Allocation), name.data(), name.size());
  record->chunk_bytes = chunk_bytes;
  std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(chunks_at), chunk_bytes, uint8_t{0xcc});
  for (uint32_t i = 0; i < stack_bytes; ++i) bytes[stack_at + i] = static_cast<uint8_t>(i);
  return bytes;
}

TEST(AllocationTest, RecordIsParsed) {
  std::vector<uint8_t> bytes = record_of("Ljava/lang/String;", 24);
  auto found = parse_allocation(bytes);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->time, 12345);
  EXPECT_EQ(found->bytes, 48u);
  EXPECT_EQ(found->inner_tid, 77);
  EXPECT_EQ(found->type, "Ljava/lang/String;");
  EXPECT_EQ(found->stack.registers.pc(), 0x1000u);
  EXPECT_EQ(found->stack.registers.fp(), 0x7f80u);
  EXPECT_EQ(found->stack.stack_address, 0x7f00u);
  ASSERT_EQ(found->stack.stack.size(), 24u);
  EXPECT_EQ(found->stack.stack[23], 23);
  EXPECT_TRUE(found->stack.at_call);
}

TEST(AllocationTest, FramesInTheHeapAreAttachedToTheStack) {
  std::vector<uint8_t> bytes = record_of("[B", 40, 100);
  auto found = parse_allocation(bytes);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->stack.stack.size(), 40u);
  ASSERT_EQ(found->stack.attached.size(), 100u);
  EXPECT_EQ(found->stack.attached[0], 0xcc);
  EXPECT_EQ(found->stack.attached[99], 0xcc);
}

TEST(AllocationTest, SizesThatMakeNoSenseAreRefused) {
  std::vector<uint8_t> good = record_of("[B", 64);
  for (size_t size = 0; size < good.size(); size += 8)
    EXPECT_FALSE(parse_allocation(std::span(good).first(size))) << size;
  auto changed = [&](auto change) {
    std::vector<uint8_t> bytes = good;
    change(*reinterpret_cast<agents::jvm::Allocation*>(bytes.data()));
    return parse_allocation(bytes).has_value();
  };
  EXPECT_TRUE(changed([](auto&) {}));
  EXPECT_FALSE(changed([](auto& record) { record.name_size = ~0u; }));
  EXPECT_FALSE(changed([](auto& record) { record.name_size = 100; }));
  EXPECT_FALSE(changed([](auto& record) { record.stack.size = 80; }));
  EXPECT_FALSE(changed([](auto& record) { record.stack.size = ~0u; }));
  EXPECT_FALSE(changed([](auto& record) { record.chunk_bytes = 17; }));
  EXPECT_FALSE(changed([](auto& record) { record.chunk_bytes = ~0u; }));
  EXPECT_FALSE(changed([](auto& record) { record.bytes = 0; }));
  EXPECT_FALSE(changed([](auto& record) { record.bytes = ~0ull; }));
}

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
