#include "jvm/frames.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rtprof::jvm {
namespace {

using Parts = std::vector<Frames::Part>;

// "name:line", leaf first.
std::vector<std::string> text_of(Frames& frames, uint32_t id) {
  Profile profile;
  std::vector<FrameId> leaf_first;
  frames.name(id, profile, leaf_first);
  std::vector<std::string> texts;
  for (FrameId each : leaf_first) {
    const Frame& frame = profile.frame(each);
    texts.push_back(std::string(profile.string(frame.function)) + ":" + std::to_string(frame.line));
  }
  return texts;
}

TEST(FramesTest, AreTheSameForTheSameMethods) {
  Frames frames;
  auto one = frames.java(Parts{{"A.inlined", 3}, {"A.work", 7}});
  auto outer = frames.java(Parts{{"A.work", 7}});
  ASSERT_TRUE(one && outer);
  EXPECT_NE(*one, *outer);
  EXPECT_EQ(frames.java(Parts{{"A.inlined", 3}, {"A.work", 7}}), one);
  EXPECT_NE(frames.java(Parts{{"A.inlined", 3}, {"A.work", 8}}), one);
  EXPECT_NE(frames.java(Parts{{"A.inlined", 3, JitMark::kInlined}, {"A.work", 7}}), one);
  EXPECT_EQ(text_of(frames, *one), (std::vector<std::string>{"A.inlined:3", "A.work:7"}));
}

TEST(FramesTest, OfHotSpotAreNotJava) {
  Frames frames;
  uint32_t stub = frames.machinery("A.work");
  auto java = frames.java(Parts{{"A.work"}});
  ASSERT_TRUE(java);
  EXPECT_NE(stub, *java);
  EXPECT_FALSE(frames.is_java(stub));
  EXPECT_TRUE(frames.is_java(*java));
}

TEST(FramesTest, TakeNoMoreMemoryThanTheyMay) {
  constexpr size_t kMost = 64 << 10;
  Frames frames(kMost);
  std::vector<uint32_t> ids;
  for (int i = 0; i < 10000; ++i) {
    std::string name = "Generated.method" + std::to_string(i);
    if (auto id = frames.java(Parts{{"A.inlined", 1}, {name, i}})) ids.push_back(*id);
  }
  EXPECT_LT(ids.size(), 5000u);
  EXPECT_GT(ids.size(), 100u);
  EXPECT_LE(frames.memory_use(), kMost * 3 / 2);
  EXPECT_EQ(frames.java(Parts{{"A.inlined", 1}, {"Generated.method1", 1}}), ids[1]) << "what is known stays";
  EXPECT_EQ(text_of(frames, ids[50]), (std::vector<std::string>{"A.inlined:1", "Generated.method50:50"}));
}

}  // namespace
}  // namespace rtprof::jvm
