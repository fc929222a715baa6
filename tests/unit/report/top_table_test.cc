#include "report/top_table.h"

#include <gtest/gtest.h>

#include "report/units.h"
#include "tests/unit/report/profiles.h"

namespace rtprof {
namespace {

struct Top : testing::Test {
  Profile profile;
  ReportOptions options;
  FrameId main1 = python_frame(profile, "main", "a.py", 1);
  FrameId main2 = python_frame(profile, "main", "a.py", 2);
  FrameId leaf = python_frame(profile, "leaf", "b.py", 9);

  void add(int tid, std::vector<FrameId> frames, int64_t weight) {
    profile.series(Event::kCpu).add(sample_of(profile, tid, profile.push(0, frames), weight));
  }
  // "text self/total" of every row.
  std::vector<std::string> rows() {
    std::vector<std::string> out;
    for (const TopRow& row : top_table(profile, profile.series(Event::kCpu), options).rows) {
      out.push_back(row.text + " " + std::to_string(row.self) + "/" + std::to_string(row.total));
    }
    return out;
  }
};

TEST_F(Top, ByFunctionLinesAreOne) {
  add(1, {main1, leaf}, 30);
  add(1, {main2}, 5);
  add(1, {main2, leaf}, 10);
  EXPECT_EQ(rows(), (std::vector<std::string>{"leaf (b.py) 40/40", "main (a.py) 5/45"}));
  options.sort = ReportOptions::Sort::kTotal;
  EXPECT_EQ(rows(), (std::vector<std::string>{"main (a.py) 5/45", "leaf (b.py) 40/40"}));
}

TEST_F(Top, ByLine) {
  add(1, {main1, leaf}, 30);
  add(1, {main2}, 5);
  options.by = ReportOptions::By::kLine;
  EXPECT_EQ(rows(),
            (std::vector<std::string>{"leaf (b.py:9) 30/30", "main (a.py:2) 5/5", "main (a.py:1) 0/30"}));
}

TEST_F(Top, RecursionCountsOnce) {
  add(1, {main1, leaf, main2, main1}, 8);
  EXPECT_EQ(rows(), (std::vector<std::string>{"main (a.py) 8/8", "leaf (b.py) 0/8"}));
}

TEST_F(Top, ByModuleAndThread) {
  profile.set_thread_name(100, 2, "worker");
  add(1, {main1, leaf}, 30);
  add(2, {main1}, 50);
  options.by = ReportOptions::By::kModule;
  EXPECT_EQ(rows(), (std::vector<std::string>{"a.py 50/80", "b.py 30/30"}));
  options.by = ReportOptions::By::kThread;
  EXPECT_EQ(rows(), (std::vector<std::string>{"worker tid=2 50/50", "thread tid=1 30/30"}));
}

TEST_F(Top, ReasonIsThatOfMostOfTheOwnWeight) {
  auto wait = [&](std::vector<FrameId> frames, Reason reason, int64_t weight) {
    Sample sample = sample_of(profile, 1, profile.push(0, frames), weight);
    sample.reason = reason;
    profile.series(Event::kOffCpu).add(sample);
  };
  wait({main1, leaf}, Reason::kSleep, 30);
  wait({main1, leaf}, Reason::kDisk, 40);
  wait({main1}, Reason::kLock, 5);
  wait({main2, leaf}, Reason::kSleep, 20);
  options.by = ReportOptions::By::kLine;
  std::vector<std::string> reasons;
  for (const TopRow& row : top_table(profile, profile.series(Event::kOffCpu), options).rows) {
    reasons.push_back(row.text + " " + std::string(reason_name(row.main_reason())));
  }
  EXPECT_EQ(reasons, (std::vector<std::string>{"leaf (b.py:9) [sleep]", "main (a.py:1) [lock]",
                                               "main (a.py:2) [sleep]"}));
}

TEST_F(Top, FiltersApply) {
  add(1, {main1, leaf}, 30);
  add(1, {main2}, 5);
  options.exclude = {"leaf"};
  EXPECT_EQ(rows(), (std::vector<std::string>{"main (a.py) 5/5"}));
}

TEST_F(Top, TextShowsSharesAndSaysWhatIsLeftOut) {
  profile.duration = kSecond;
  add(1, {main1, leaf}, 750 * kMillisecond);
  add(1, {main1}, 250 * kMillisecond);
  options.rows = 1;
  std::string text = render_text(profile, profile.series(Event::kCpu), options);
  EXPECT_NE(text.find("1.00 s in 2 samples over 1.00 s"), std::string::npos) << text;
  EXPECT_NE(text.find(" 75.00%  75.00%     750 ms     750 ms  leaf (b.py)"), std::string::npos) << text;
  EXPECT_EQ(text.find("main (a.py)"), std::string::npos) << text;
  EXPECT_NE(text.find("and 1 more"), std::string::npos) << text;
}

TEST_F(Top, TextWithoutSamples) {
  EXPECT_NE(render_text(profile, profile.series(Event::kCpu), options).find("0 ns in 0 samples"),
            std::string::npos);
}

TEST_F(Top, TerminalsGetNoControlCharacters) {
  add(1, {python_frame(profile, "\x1b]0;title\x07", "a\x1b[2J.py", 1)}, 1);
  std::string text = render_text(profile, profile.series(Event::kCpu), options);
  EXPECT_EQ(text.find_first_of("\x1b\x07"), std::string::npos);
}

TEST(Units, Weights) {
  EXPECT_EQ(weight_text(Event::kCpu, 0), "0 ns");
  EXPECT_EQ(weight_text(Event::kCpu, 999), "999 ns");
  EXPECT_EQ(weight_text(Event::kCpu, 1'500), "1.50 µs");
  EXPECT_EQ(weight_text(Event::kCpu, 45'600'000), "45.6 ms");
  EXPECT_EQ(weight_text(Event::kCpu, 999'900'000), "1.00 s");
  EXPECT_EQ(weight_text(Event::kCpu, 121 * kSecond), "121 s");
  EXPECT_EQ(weight_text(Event::kCpu, 900 * kSecond), "15.0 min");
  EXPECT_EQ(weight_text(Event::kAlloc, 3 << 20), "3.00 MiB");
  EXPECT_EQ(weight_text(Event::kAlloc, 100), "100 B");
}

TEST(Units, Grouping) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'000), "1,000");
  EXPECT_EQ(grouped(1'234'567), "1,234,567");
  EXPECT_EQ(grouped(-1'234), "-1,234");
  EXPECT_EQ(grouped(-123), "-123");
}

}  // namespace
}  // namespace rtprof
