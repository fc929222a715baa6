#include "cli/live_top.h"

#include <gtest/gtest.h>

#include "tests/unit/report/profiles.h"

namespace rtprof::cli {
namespace {

using By = ReportOptions::By;

struct Live : testing::Test {
  Profile profile;
  FrameId main = python_frame(profile, "main", "a.py", 4);
  FrameId hot = python_frame(profile, "hot", "b.py", 9);
  FrameId cold = python_frame(profile, "cold", "b.py", 20);
  LiveTop live{profile, Event::kCpu, {}, 0};

  Sample sample(int tid, std::vector<FrameId> frames, int64_t weight) {
    return sample_of(profile, tid, profile.push(0, frames), weight);
  }
  LiveRow row(const std::string& function, By by = By::kDefinition) {
    for (const LiveRow& row : live.rows(by, TopSort::kOwnShare)) {
      if (row.function == function) return row;
    }
    ADD_FAILURE() << "no row " << function;
    return {};
  }
  std::vector<std::string> order(TopSort sort) {
    std::vector<std::string> names;
    for (const LiveRow& row : live.rows(By::kDefinition, sort)) names.push_back(row.function);
    return names;
  }
};

TEST_F(Live, SharesAreOfTheLastIntervalAndTimesOfAll) {
  live.update({sample(1, {main, hot}, kSecond)}, {}, kSecond);
  EXPECT_DOUBLE_EQ(row("hot").own_share, 1);
  EXPECT_DOUBLE_EQ(row("main").total_share, 1);
  live.update({sample(1, {main, cold}, kSecond / 2)}, {}, 3 * kSecond);
  EXPECT_DOUBLE_EQ(row("hot").own_share, 0);
  EXPECT_DOUBLE_EQ(row("cold").own_share, 0.25);
  EXPECT_DOUBLE_EQ(row("main").total_share, 0.25);
  EXPECT_EQ(row("hot").own, kSecond);
  EXPECT_EQ(row("main").own, 0);
  EXPECT_EQ(row("main").total, 3 * kSecond / 2);
}

TEST_F(Live, TheProfileMayGrow) {
  live.update({sample(1, {main, hot}, 10)}, {}, 100);
  FrameId later = python_frame(profile, "later", "c.py", 1);
  live.update({sample(77, {main, later}, 50)}, {}, 200);
  EXPECT_DOUBLE_EQ(row("later").own_share, 0.5);
  EXPECT_EQ(live.rows(By::kThread, TopSort::kOwnShare).size(), 2U);
}

TEST_F(Live, SortsByEachColumn) {
  live.update({sample(1, {main, hot}, 90), sample(1, {main}, 1)}, {}, 100);
  live.update({sample(1, {cold}, 50)}, {}, 200);
  EXPECT_EQ(order(TopSort::kOwnShare), (std::vector<std::string>{"cold", "hot", "main"}));
  EXPECT_EQ(order(TopSort::kTotalShare), (std::vector<std::string>{"cold", "hot", "main"}));
  EXPECT_EQ(order(TopSort::kOwnTime), (std::vector<std::string>{"hot", "cold", "main"}));
  EXPECT_EQ(order(TopSort::kTotalTime), (std::vector<std::string>{"main", "hot", "cold"}));
}

TEST_F(Live, FunctionsOfOneNameStayApartByWhereTheyAreDefined) {
  Frame frame = profile.frame(hot);
  frame.start_line = 30;
  FrameId other = profile.intern(frame);
  live.update({sample(1, {hot}, 1), sample(1, {other}, 1)}, {}, 10);
  EXPECT_EQ(live.rows(By::kDefinition, TopSort::kOwnShare).size(), 2U);
}

TEST_F(Live, FiguresAreOfTheIntervalAndCountsOfAll) {
  RunQuality run;
  run.samples = 100;
  run.target_cpu = kSecond;
  run.lock_held = kSecond / 2;
  run.lost = 3;
  live.update({}, {run}, kSecond);
  EXPECT_DOUBLE_EQ(live.figures().cpu_share, 1);
  EXPECT_DOUBLE_EQ(live.figures().lock_share.value(), 0.5);
  run.samples = 150;
  run.target_cpu = 5 * kSecond;
  run.lock_held = kSecond / 2;
  live.update({}, {run}, 3 * kSecond);
  EXPECT_DOUBLE_EQ(live.figures().cpu_share, 2);
  EXPECT_DOUBLE_EQ(live.figures().lock_share.value(), 0);
  EXPECT_DOUBLE_EQ(live.figures().samples_a_second, 25);
  EXPECT_EQ(live.figures().lost, 3U);
  EXPECT_EQ(live.figures().elapsed, 3 * kSecond);
}

TEST_F(Live, TheLocksShareIsUnknownWhereOneProcessHasNone) {
  RunQuality with;
  with.lock_held = 1;
  live.update({}, {with, RunQuality{}}, 10);
  EXPECT_FALSE(live.figures().lock_share.has_value());
}

TEST(SeriesTake, HandsOutOnceAndKeepsTheTotals) {
  Profile profile;
  Series& series = profile.series(Event::kCpu);
  Sample sample = sample_of(profile, 1, profile.push(0, python_frame(profile, "f", "a.py", 1)), 7);
  series.add(sample);
  EXPECT_EQ(series.take().size(), 1U);
  EXPECT_TRUE(series.samples().empty());
  EXPECT_TRUE(series.take().empty());
  // The same again would have been folded into what is gone.
  series.add(sample);
  EXPECT_EQ(series.take().size(), 1U);
  EXPECT_EQ(series.total_weight(), 14);
  EXPECT_EQ(series.total_count(), 2U);
}

}  // namespace
}  // namespace rtprof::cli
