#include "common/profile/profile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>

#include "common/profile/folded_samples.h"

namespace rtprof {
namespace {

Sample at(TimePoint start, uint32_t thread, uint32_t stack, int64_t weight = 10) {
  Sample sample;
  sample.start = start;
  sample.duration = weight;
  sample.weight = weight;
  sample.count = 1;
  sample.thread = thread;
  sample.stack = stack;
  return sample;
}

TEST(Profile, InternsStringsFramesAndStacks) {
  Profile profile;
  EXPECT_EQ(profile.intern(""), 0u);
  StringId name = profile.intern("handler");
  EXPECT_EQ(profile.intern(std::string("hand") + "ler"), name);
  EXPECT_EQ(profile.string(name), "handler");

  Frame frame;
  frame.function = name;
  FrameId first = profile.intern(frame);
  EXPECT_EQ(profile.intern(frame), first);
  frame.line = 3;
  FrameId second = profile.intern(frame);
  EXPECT_NE(second, first);

  StackId stack = profile.push(profile.push(0, first), second);
  EXPECT_EQ(profile.push(0, std::vector<FrameId>{first, second}), stack);
  EXPECT_EQ(profile.frames_of(stack), (std::vector<FrameId>{first, second}));
  EXPECT_TRUE(profile.frames_of(0).empty());
}

TEST(Profile, ThreadsOfTheSameNumberInTwoProcessesDiffer) {
  Profile profile;
  uint32_t a = profile.thread_index(1, 7);
  uint32_t b = profile.thread_index(2, 7);
  EXPECT_NE(a, b);
  EXPECT_EQ(profile.thread_index(1, 7), a);
  profile.set_thread_name(2, 7, "worker");
  EXPECT_EQ(profile.threads()[b].name, "worker");
  EXPECT_EQ(profile.threads()[a].name, "");
}

TEST(Profile, UnknownFramesNameTheirReason) {
  Profile profile;
  FrameId frame = profile.unknown_frame("torn");
  EXPECT_EQ(profile.string(profile.frame(frame).function), "[unknown: torn]");
  EXPECT_EQ(profile.unknown_frame("torn"), frame);
}

TEST(Series, FoldsConsecutiveEqualSamplesOfAThread) {
  Series series(Event::kCpu);
  series.add(at(0, 0, 5));
  series.add(at(3, 1, 5));
  series.add(at(10, 0, 5));
  ASSERT_EQ(series.samples().size(), 2u);
  EXPECT_EQ(series.samples()[0].weight, 20);
  EXPECT_EQ(series.samples()[0].count, 2u);
  EXPECT_EQ(series.samples()[0].start, 0);
  EXPECT_EQ(series.samples()[0].duration, 20);
  series.add(at(20, 0, 6));
  series.add(at(30, 0, 5));
  EXPECT_EQ(series.samples().size(), 4u) << "another stack in between ends the fold";
}

TEST(Series, ReasonsStayApart) {
  Series series(Event::kWall);
  Sample sample = at(0, 0, 5);
  sample.reason = Reason::kRunning;
  series.add(sample);
  sample.reason = Reason::kOther;
  series.add(sample);
  EXPECT_EQ(series.samples().size(), 2u);
}

// Whatever is merged: the weight and the count of every thread and stack stay what they were.
TEST(Series, CoarseningKeepsWeights) {
  Series series(Event::kCpu, 200);
  std::mt19937 random(3);
  std::map<std::pair<uint32_t, uint32_t>, std::pair<int64_t, uint64_t>> expected;
  int64_t weight = 0;
  for (int i = 0; i < 20'000; ++i) {
    Sample sample = at(i * 10 * kMillisecond, random() % 3, 1 + random() % 7, 1 + random() % 100);
    auto& sums = expected[{sample.thread, sample.stack}];
    sums.first += sample.weight;
    ++sums.second;
    weight += sample.weight;
    series.add(sample);
  }
  EXPECT_LE(series.samples().size(), 200u);
  // 21 pairs of thread and stack over 200 s: half the limit holds them at a quarter of the time.
  EXPECT_GT(series.resolution(), 0);
  EXPECT_LE(series.resolution(), 100 * kSecond);
  EXPECT_EQ(series.total_weight(), weight);
  EXPECT_EQ(series.total_count(), 20'000u);
  std::map<std::pair<uint32_t, uint32_t>, std::pair<int64_t, uint64_t>> found;
  for (const Sample& sample : series.samples()) {
    auto& sums = found[{sample.thread, sample.stack}];
    sums.first += sample.weight;
    sums.second += sample.count;
  }
  EXPECT_EQ(found, expected);
}

TEST(Series, CoarseningKeepsTheOrderOfTime) {
  Series series(Event::kCpu, 50);
  for (int i = 0; i < 5'000; ++i) series.add(at(i * kMillisecond, 0, i % 11));
  Nanoseconds step = series.resolution();
  ASSERT_GT(step, 0);
  for (size_t i = 1; i < series.samples().size(); ++i) {
    EXPECT_LE(series.samples()[i - 1].start / step, series.samples()[i].start / step);
  }
}

// More threads, stacks and reasons than the limit has room for: times go, weights and counts stay.
TEST(Series, MoreDistinctStacksThanTheLimitAreAllKept) {
  Series series(Event::kWall, 100);
  std::mt19937 random(4);
  using Place = std::tuple<uint32_t, uint32_t, Reason>;
  std::map<Place, std::pair<int64_t, uint64_t>> expected;
  for (int i = 0; i < 5'000; ++i) {
    Sample sample = at(i, random() % 20, 1 + random() % 50, 1 + (int64_t{1} << (random() % 40)));
    sample.reason = random() % 2 == 0 ? Reason::kRunning : Reason::kOther;
    auto& sums = expected[{sample.thread, sample.stack, sample.reason}];
    sums.first += sample.weight;
    ++sums.second;
    series.add(sample);
  }
  EXPECT_LE(series.samples().size(), 100u);
  EXPECT_FALSE(series.has_times());
  EXPECT_EQ(series.total_count(), 5'000u);

  std::map<Place, std::pair<int64_t, uint64_t>> found;
  std::vector<Place> order;
  FoldedSamples(series).for_each([&](const Sample& sample) {
    order.emplace_back(sample.thread, sample.stack, sample.reason);
    found[order.back()] = {sample.weight, sample.count};
  });
  EXPECT_EQ(found, expected);
  EXPECT_EQ(order.size(), expected.size()) << "each once";
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));

  EXPECT_EQ(series.take().size(), expected.size());
  EXPECT_TRUE(series.has_times());
  EXPECT_TRUE(series.samples().empty());
}

TEST(FoldedSamples, OfOneThread) {
  std::vector<Sample> samples{at(0, 2, 5, 1), at(1, 0, 9, 10), at(2, 2, 4, 100), at(3, 2, 5, 1000)};
  FoldedSamples folded(samples);
  ASSERT_EQ(folded.thread_count(), 3u);
  std::vector<std::pair<uint32_t, int64_t>> found;
  for (uint32_t thread : {2u, 1u}) {
    folded.of_thread(thread, [&](const Sample& s) { found.emplace_back(s.stack, s.weight); });
  }
  EXPECT_EQ(found, (std::vector<std::pair<uint32_t, int64_t>>{{4, 100}, {5, 1001}}));
  samples.clear();
  EXPECT_EQ(FoldedSamples(samples).thread_count(), 0u);
}

TEST(PauseHistogram, PercentilesAreWithinThreePercent) {
  PauseHistogram histogram;
  EXPECT_EQ(histogram.percentile(0.5), 0);
  for (int i = 1; i <= 10'000; ++i) histogram.add(i * 7);
  EXPECT_EQ(histogram.count(), 10'000u);
  EXPECT_EQ(histogram.max(), 70'000);
  EXPECT_EQ(histogram.total(), 7LL * 10'000 * 10'001 / 2);
  for (double share : {0.01, 0.5, 0.9, 0.99}) {
    double exact = share * 70'000;
    EXPECT_NEAR(static_cast<double>(histogram.percentile(share)), exact, 0.03 * exact + 7) << share;
  }
  EXPECT_LE(histogram.percentile(1), histogram.max());
}

TEST(PauseHistogram, TinyHugeAndNegativeValues) {
  PauseHistogram histogram;
  histogram.add(-5);
  histogram.add(0);
  histogram.add(INT64_MAX);
  EXPECT_EQ(histogram.count(), 3u);
  EXPECT_EQ(histogram.percentile(0), 0);
  EXPECT_EQ(histogram.max(), INT64_MAX);
  EXPECT_GT(histogram.percentile(1), INT64_MAX / 100 * 96);
}

TEST(EventNames, RoundTrip) {
  for (Event event : {Event::kCpu, Event::kWall, Event::kAlloc, Event::kLock, Event::kOffCpu}) {
    EXPECT_EQ(event_from_name(event_name(event)), event);
  }
  EXPECT_FALSE(event_from_name("CPU"));
  EXPECT_EQ(reason_name(Reason::kNone), "");
  EXPECT_EQ(reason_name(Reason::kRunnable), "[runnable]");
  EXPECT_EQ(mechanism_from_name("pause"), Mechanism::kPause);
  EXPECT_FALSE(mechanism_from_name("none"));
}

}  // namespace
}  // namespace rtprof
