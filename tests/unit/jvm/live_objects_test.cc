#include "jvm/live_objects.h"

#include <gtest/gtest.h>

#include "agents/jvm/protocol.h"

namespace rtprof::jvm {
namespace {

LiveObjects::Object allocated_after(uint64_t collections) {
  return {.collections = collections};
}

TEST(LiveObjectsTest, WhatIsCollectedIsGone) {
  LiveObjects objects(true);
  EXPECT_TRUE(objects.add(1, allocated_after(0)));
  EXPECT_TRUE(objects.add(2, allocated_after(0)));
  objects.collected(1);
  objects.collected(7);
  ASSERT_EQ(objects.all().size(), 1u);
  EXPECT_EQ(objects.all().begin()->first, 2u);
}

TEST(LiveObjectsTest, AgeIsHowManyCollectionsHaveLookedAtIt) {
  LiveObjects objects(true);
  objects.surveyed(5);
  EXPECT_EQ(objects.age(allocated_after(3)), 2u);
  EXPECT_EQ(objects.age(allocated_after(5)), 0u);
  EXPECT_EQ(objects.age(allocated_after(6)), 0u);
  objects.surveyed(4);  // late
  EXPECT_EQ(objects.age(allocated_after(3)), 2u);
}

TEST(LiveObjectsTest, AgeIsCountedWherePausesAreTold) {
  LiveObjects objects(false);
  for (uint64_t pauses : {5, 9, 13, 9, 17}) objects.surveyed(pauses);
  EXPECT_EQ(objects.age(allocated_after(3)), 4u);
  EXPECT_EQ(objects.age(allocated_after(5)), 3u);
  EXPECT_EQ(objects.age(allocated_after(12)), 2u);
  EXPECT_EQ(objects.age(allocated_after(16)), 1u);
  EXPECT_EQ(objects.age(allocated_after(17)), 0u);
}

TEST(LiveObjectsTest, OneThatIsNotFollowedIsRefused) {
  LiveObjects objects(true);
  EXPECT_FALSE(objects.add(0, allocated_after(0)));
}

TEST(LiveObjectsTest, HalvesStandForTheWhole) {
  constexpr uint64_t kMany = 40'000;
  LiveObjects objects(true);
  for (uint64_t i = 1; i <= kMany / 2; ++i) objects.add(i, allocated_after(0));
  objects.thinned(2);
  for (uint64_t i = kMany / 2 + 1; i <= kMany; ++i) objects.add(i, allocated_after(0));
  EXPECT_EQ(objects.scale(), 4);
  // Numbers that follow each other are spread evenly, more than by chance.
  EXPECT_NEAR(static_cast<double>(objects.all().size()) * objects.scale() / kMany, 1, 0.02);
  for (const auto& [number, object] : objects.all()) EXPECT_TRUE(agents::jvm::is_kept(number, 2));
}

TEST(LiveObjectsTest, NumbersThatMakeNoSenseDoNoHarm) {
  LiveObjects objects(true);
  for (uint64_t i = 1; i <= (1 << 18) + 10; ++i) objects.add(i, allocated_after(~0ull));
  EXPECT_FALSE(objects.add(1 << 20, allocated_after(0)));
  for (uint64_t i = 0; i <= (1 << 16) + 10; ++i) objects.surveyed(i);
  EXPECT_EQ(objects.age(allocated_after((1 << 16) + 9)), 1u);
  objects.thinned(~0ull);
  EXPECT_GE(objects.scale(), 1);
}

}  // namespace
}  // namespace rtprof::jvm
