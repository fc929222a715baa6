#include "report/call_tree.h"

#include <gtest/gtest.h>

#include <random>

#include "report/report.h"
#include "tests/unit/report/profiles.h"

namespace rtprof {
namespace {

TEST(CallTree, AddsUpSelfAndTotal) {
  Profile profile;
  StackId a = profile.push(0, python_frame(profile, "a", "x.py", 1));
  StackId b = profile.push(a, python_frame(profile, "b", "x.py", 2));
  StackId c = profile.push(a, python_frame(profile, "c", "x.py", 3));
  Series& series = profile.series(Event::kCpu);
  series.add(sample_of(profile, 1, a, 1));
  series.add(sample_of(profile, 1, b, 10));
  series.add(sample_of(profile, 2, b, 20));
  series.add(sample_of(profile, 1, c, 100));
  ReportOptions options;
  View view(profile, options);
  CallTree tree(view, series);

  EXPECT_EQ(tree.size(), 4u);
  const auto& root = tree.node(CallTree::kRoot);
  EXPECT_EQ(root.total, 131);
  EXPECT_EQ(root.self, 0);
  ASSERT_EQ(root.children.size(), 1u);
  const auto& top = tree.node(root.children[0]);
  EXPECT_EQ(top.self, 1);
  EXPECT_EQ(top.total, 131);
  ASSERT_EQ(top.children.size(), 2u);
  EXPECT_EQ(view.shown(tree.node(top.children[0]).frame).text, "b (x.py:2)") << "sorted by text";
  EXPECT_EQ(tree.node(top.children[0]).total, 30) << "both threads";
}

TEST(CallTree, FramesThatLookAlikeAreOne) {
  Profile profile;
  StackId one = profile.push(0, python_frame(profile, "a", "x.py", 1));
  StackId two = profile.push(0, python_frame(profile, "a", "x.py", 2));
  Series& series = profile.series(Event::kCpu);
  series.add(sample_of(profile, 1, one, 1));
  series.add(sample_of(profile, 1, two, 2));
  ReportOptions options;
  options.lines = false;
  View view(profile, options);
  CallTree tree(view, series);
  EXPECT_EQ(tree.size(), 2u);
  EXPECT_EQ(tree.node(1).self, 3);
}

// Whatever the weights: rounding moves no subtree by a unit or more, and the whole by half of one.
TEST(CallTree, RoundingKeepsSubtrees) {
  Profile profile;
  profile.rate = 97;
  std::mt19937 random(11);
  Series& series = profile.series(Event::kWall);
  for (int i = 0; i < 2'000; ++i) {
    StackId stack = 0;
    for (int depth = 0; depth < 4; ++depth) {
      stack = profile.push(stack, python_frame(profile, "f" + std::to_string(random() % 5), "x.py", 1));
    }
    series.add(sample_of(profile, 1, stack, 1 + random() % (kSecond / 50)));
  }
  ReportOptions options;
  View view(profile, options);
  CallTree exact(view, series);
  CallTree rounded(view, series);
  rounded.round(UnitRounder(profile, Event::kWall, options));
  auto periods = [&](CallTree::NodeId id) { return static_cast<double>(exact.node(id).total) * 97 / 1e9; };
  for (CallTree::NodeId id = 0; id < exact.size(); ++id) {
    EXPECT_NEAR(static_cast<double>(rounded.node(id).total), periods(id), 1.0001);
  }
  EXPECT_NEAR(static_cast<double>(rounded.node(CallTree::kRoot).total), periods(CallTree::kRoot), 0.5001);
}

TEST(Render, ChoosesTheEvent) {
  Profile profile;
  ReportOptions options;
  EXPECT_FALSE(render(profile, Format::kHtml, options).ok()) << "nothing was recorded";
  profile.series(Event::kCpu)
      .add(sample_of(profile, 1, profile.push(0, python_frame(profile, "a", "x", 1)), 5));
  EXPECT_EQ(*render(profile, Format::kCollapsed, options), "a (x:1) 5\n");
  profile.series(Event::kWall);
  EXPECT_FALSE(render(profile, Format::kCollapsed, options).ok()) << "which one?";
  EXPECT_TRUE(render(profile, Format::kHtml, options).ok());
  options.event = Event::kCpu;
  EXPECT_EQ(*render(profile, Format::kCollapsed, options), "a (x:1) 5\n");
  options.event = Event::kAlloc;
  auto missing = render(profile, Format::kCollapsed, options);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.failure().message, "no alloc was recorded");
}

}  // namespace
}  // namespace rtprof
