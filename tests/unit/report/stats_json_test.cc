#include "report/stats_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rtprof {
namespace {

RunQuality run_of(int32_t pid) {
  RunQuality run;
  run.pid = pid;
  run.runtime = "python";
  run.runtime_version = "3.14.0";
  run.event = Event::kWall;
  run.mechanism = Mechanism::kPause;
  run.exact = true;
  run.reason = "\"BPF\" is forbidden";
  run.requested_rate = 99;
  run.ticks = 990;
  run.asked = 980;
  run.samples = 970;
  run.late_ticks = 4;
  run.torn = 3;
  run.errors = 2;
  run.lost = 1;
  run.unknown_frames = 7;
  run.threads = 5;
  run.total_weight = 10'000'000'000;
  run.target_cpu = 2'500'000'000;
  for (int i = 1; i <= 100; ++i) run.pauses.add(i * kMicrosecond);
  return run;
}

TEST(StatsJson, OneRunIsRepeatedAtTheTop) {
  Profile profile;
  profile.duration = 10 * kSecond;
  profile.quality.profiler_cpu = 250 * kMillisecond;
  profile.quality.bpf_cpu = 10 * kMillisecond;
  profile.quality.profiler_max_rss_kb = 12'345;
  profile.quality.time_to_first_sample = 40 * kMillisecond;
  profile.quality.runs.push_back(run_of(42));
  auto json = nlohmann::json::parse(render_stats(profile));

  EXPECT_EQ(json["version"], RTPROF_VERSION);
  EXPECT_EQ(json["duration_s"], 10.0);
  EXPECT_EQ(json["profiler_cpu_s"], 0.25);
  EXPECT_EQ(json["bpf_cpu_s"], 0.01);
  EXPECT_EQ(json["profiler_max_rss_kb"], 12'345);
  EXPECT_EQ(json["time_to_first_sample_ms"], 40.0);
  ASSERT_EQ(json["runs"].size(), 1);
  nlohmann::json expected = {{"pid", 42},
                             {"runtime", "python"},
                             {"runtime_version", "3.14.0"},
                             {"event", "wall"},
                             {"mechanism", "pause"},
                             {"exact", true},
                             {"reason", "\"BPF\" is forbidden"},
                             {"requested_rate", 99},
                             {"ticks", 990},
                             {"asked", 980},
                             {"samples", 970},
                             {"late_ticks", 4},
                             {"torn", 3},
                             {"errors", 2},
                             {"lost", 1},
                             {"unknown_frames", 7},
                             {"threads", 5},
                             {"total_weight", 10'000'000'000},
                             {"target_cpu_s", 2.5}};
  for (auto& [name, value] : expected.items()) {
    EXPECT_EQ(json["runs"][0][name], value) << name;
    EXPECT_EQ(json[name], value) << name;
  }
  EXPECT_EQ(json["pause_us"]["count"], 100);
  EXPECT_NEAR(json["pause_us"]["p50"].get<double>(), 50, 2);
  EXPECT_NEAR(json["pause_us"]["p99"].get<double>(), 99, 3);
  EXPECT_EQ(json["pause_us"]["max"], 100.0);
}

TEST(StatsJson, SeveralRunsStayApart) {
  Profile profile;
  profile.quality.runs = {run_of(1), run_of(2)};
  auto json = nlohmann::json::parse(render_stats(profile));
  EXPECT_EQ(json["runs"].size(), 2);
  EXPECT_EQ(json["runs"][1]["pid"], 2);
  EXPECT_FALSE(json.contains("pid"));
}

TEST(StatsJson, NoRun) {
  auto json = nlohmann::json::parse(render_stats(Profile()));
  EXPECT_TRUE(json["runs"].empty());
}

}  // namespace
}  // namespace rtprof
