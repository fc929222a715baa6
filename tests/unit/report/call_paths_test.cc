#include "report/call_paths.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/report/profiles.h"

namespace rtprof {
namespace {

using Texts = std::vector<std::string>;

struct Paths : testing::Test {
  Profile profile;
  ReportOptions options;

  std::vector<std::pair<Texts, int64_t>> of(Event event) {
    View view(profile, options);
    std::vector<std::pair<Texts, int64_t>> found;
    CallPaths(view, profile.series(event)).for_each([&](std::span<const ShownId> path, int64_t weight) {
      Texts texts;
      for (ShownId frame : path) texts.push_back(view.shown(frame).text);
      found.emplace_back(std::move(texts), weight);
    });
    return found;
  }

  // Stacks of few functions in many places, recursion included, by several threads of two processes.
  void fill(Series& series, int count, int64_t heaviest) {
    std::mt19937 random(11);
    for (int i = 0; i < count; ++i) {
      StackId stack = 0;
      for (auto depth = random() % 5; depth > 0; --depth) {
        std::string function = "f" + std::to_string(random() % 4);
        stack =
            profile.push(stack, python_frame(profile, function, "x.py", 1 + static_cast<int>(random() % 2)));
      }
      Sample sample = sample_of(profile, 1, stack, 1 + static_cast<int64_t>(random()) % heaviest);
      sample.thread =
          profile.thread_index(100 + static_cast<int>(random() % 2), static_cast<int>(random() % 9));
      sample.reason = static_cast<Reason>(1 + random() % 3);
      series.add(sample);
    }
  }
};

TEST_F(Paths, AreInTheOrderOfTheirTexts) {
  StackId a = profile.push(0, python_frame(profile, "a", "x.py", 1));
  StackId c = profile.push(a, python_frame(profile, "c", "x.py", 3));
  StackId b = profile.push(a, python_frame(profile, "b", "x.py", 2));
  Series& series = profile.series(Event::kCpu);
  series.add(sample_of(profile, 1, c, 100));
  series.add(sample_of(profile, 1, b, 10));
  series.add(sample_of(profile, 2, b, 20));
  series.add(sample_of(profile, 1, a, 1));
  const std::vector<std::pair<Texts, int64_t>> expected{
      {{"a (x.py:1)"}, 1}, {{"a (x.py:1)", "b (x.py:2)"}, 30}, {{"a (x.py:1)", "c (x.py:3)"}, 100}};
  EXPECT_EQ(of(Event::kCpu), expected);
}

TEST_F(Paths, FramesThatLookAlikeAreOne) {
  StackId one = profile.push(0, python_frame(profile, "a", "x.py", 1));
  StackId two = profile.push(0, python_frame(profile, "a", "x.py", 2));
  Series& series = profile.series(Event::kCpu);
  series.add(sample_of(profile, 1, one, 1));
  series.add(sample_of(profile, 1, two, 2));
  options.lines = false;
  EXPECT_EQ(of(Event::kCpu), (std::vector<std::pair<Texts, int64_t>>{{{"a (x.py)"}, 3}}));
}

// Whatever the options: what View composes, sorted and summed up.
TEST_F(Paths, AreThoseOfTheView) {
  profile.processes = {{100, "app"}, {101, "app"}};
  for (int tid = 0; tid < 9; ++tid) profile.set_thread_name(100, tid, tid % 2 == 0 ? "even" : "odd");
  fill(profile.series(Event::kWall), 3'000, 1'000);
  for (int choice = 0; choice < 64; ++choice) {
    options = {};
    options.threads = (choice & 1) != 0;
    options.processes = (choice & 2) != 0;
    options.reverse = (choice & 4) != 0;
    options.reasons = (choice & 8) != 0;
    if ((choice & 16) != 0) options.lines = false;
    if ((choice & 32) != 0) options.exclude = {"f3*", "even*"};
    View view(profile, options);
    std::map<Texts, int64_t> expected;
    std::vector<ShownId> frames;
    for (const Sample& sample : profile.series(Event::kWall).samples()) {
      if (!view.compose(Event::kWall, sample, frames)) continue;
      Texts texts;
      for (ShownId frame : frames) texts.push_back(view.shown(frame).text);
      expected[texts] += sample.weight;
    }
    EXPECT_EQ(of(Event::kWall), (std::vector<std::pair<Texts, int64_t>>(expected.begin(), expected.end())))
        << choice;
  }
}

// Whatever the weights: rounding moves no subtree by a unit or more, and the whole by half of one.
TEST_F(Paths, RoundingInTheirOrderKeepsSubtrees) {
  profile.rate = 97;
  options.threads = true;
  fill(profile.series(Event::kWall), 2'000, kSecond / 50);
  UnitRounder rounder(profile, Event::kWall, options);
  std::map<Texts, std::pair<int64_t, int64_t>> subtrees;  // by what paths begin with: weight and units
  for (auto [path, weight] : of(Event::kWall)) {
    int64_t units = rounder.units(weight);
    for (size_t length = 0; length <= path.size(); ++length) {
      auto& sums = subtrees[Texts(path.begin(), path.begin() + static_cast<ptrdiff_t>(length))];
      sums.first += weight;
      sums.second += units;
    }
  }
  auto error = [](const std::pair<int64_t, int64_t>& sums) {
    return static_cast<double>(sums.second) - static_cast<double>(sums.first) * 97 / 1e9;
  };
  for (const auto& [path, sums] : subtrees) EXPECT_NEAR(error(sums), 0, 1.0001);
  EXPECT_NEAR(error(subtrees[{}]), 0, 0.5001);
}

}  // namespace
}  // namespace rtprof
