#include "cli/record_options.h"

#include <gtest/gtest.h>

#include "common/base/error.h"

namespace rtprof::cli {
namespace {

// Expects `act` to throw a usage error with a hint.
template <typename Act>
void expect_usage_error(Act act, const char* what) {
  try {
    act();
    FAIL() << "accepted " << what;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kUsage) << what;
    EXPECT_FALSE(error.hint().empty()) << what;
  }
}

TEST(RecordOptions, DefaultsAreTheDocumentedOnes) {
  RecordOptions options;
  SamplingPlan plan = plan_of(options);
  EXPECT_EQ(plan.events, std::vector<Event>{Event::kCpu});
  EXPECT_EQ(plan.rate, 99);
  EXPECT_FALSE(plan.mechanism);
  EXPECT_DOUBLE_EQ(plan.max_pause_share, 0.1);
  EXPECT_EQ(duration_of(options), 0);
  EXPECT_EQ(format_of(options), Format::kHtml);
}

TEST(RecordOptions, RefusesAbsurdRates) {
  for (const char* rate : {"0", "-5", "fast", "", "1mhz", "100001", "0.001", "1e3"}) {
    RecordOptions options;
    options.rate = rate;
    expect_usage_error([&] { plan_of(options); }, rate);
  }
}

TEST(RecordOptions, RefusesAbsurdDurations) {
  for (const char* duration : {"0", "-1", "soon", "1000000h"}) {
    RecordOptions options;
    options.duration = duration;
    expect_usage_error([&] { duration_of(options); }, duration);
  }
}

TEST(RecordOptions, RefusesUnknownWords) {
  RecordOptions options;
  options.events = {"cpu", "cycles"};
  expect_usage_error([&] { plan_of(options); }, "event cycles");
  options.events = {};
  options.mechanism = "magic";
  expect_usage_error([&] { plan_of(options); }, "mechanism magic");
  options.mechanism = "pause";
  options.nonblocking = true;
  expect_usage_error([&] { plan_of(options); }, "pause without blocking");
  options.output = "out.xyz";
  expect_usage_error([&] { format_of(options); }, "out.xyz");
  options.format = "gif";
  expect_usage_error([&] { format_of(options); }, "gif");
}

TEST(RecordOptions, NamesAnEventOnce) {
  RecordOptions options;
  options.events = {"wall", "cpu", "wall"};
  EXPECT_EQ(plan_of(options).events, (std::vector<Event>{Event::kWall, Event::kCpu}));
}

TEST(RecordOptions, ChoosesWaitsByTheirLength) {
  RecordOptions options;
  options.events = {"offcpu"};
  EXPECT_EQ(plan_of(options).min_wait, 0);
  EXPECT_GT(plan_of(options).max_wait, 1000 * 24 * 3600 * kSecond);
  EXPECT_TRUE(plan_of(options).kernel_frames);
  options.min_block = "10us";
  options.max_block = "0.5";
  options.no_kernel = true;
  EXPECT_EQ(plan_of(options).min_wait, 10 * kMicrosecond);
  EXPECT_EQ(plan_of(options).max_wait, 500 * kMillisecond);
  EXPECT_FALSE(plan_of(options).kernel_frames);
  options.min_block = "1";
  expect_usage_error([&] { plan_of(options); }, "--min-block");
  options.min_block = "ever";
  expect_usage_error([&] { plan_of(options); }, "ever");
  options.min_block = "";
  options.events = {"wall"};
  expect_usage_error([&] { plan_of(options); }, "--max-block");
}

TEST(RecordOptions, WaitsNeedTheKernelMechanism) {
  RecordOptions options;
  options.events = {"cpu", "offcpu"};
  options.mechanism = "kernel";
  EXPECT_TRUE(plan_of(options).has(Event::kOffCpu));
  options.mechanism = "pause";
  expect_usage_error([&] { plan_of(options); }, "offcpu");
}

TEST(RecordOptions, StandardOutputGetsCollapsedStacks) {
  RecordOptions options;
  options.output = "-";
  EXPECT_EQ(format_of(options), Format::kCollapsed);
}

}  // namespace
}  // namespace rtprof::cli
