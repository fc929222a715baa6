#include "report/speedscope.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/report/profiles.h"

namespace rtprof {
namespace {

nlohmann::json render(const Profile& profile, const ReportOptions& options = {}) {
  std::vector<const Series*> events;
  for (const Series& series : profile.all_series()) events.push_back(&series);
  return nlohmann::json::parse(text_of([&](Sink& out) { write_speedscope(out, profile, events, options); }));
}

TEST(Speedscope, AProfileForEachThreadAndEvent) {
  Profile profile;
  profile.set_thread_name(100, 1, "MainThread");
  StackId a = profile.push(0, python_frame(profile, "a", "x.py", 1));
  StackId b = profile.push(a, python_frame(profile, "b", "x.py", 2));
  profile.series(Event::kCpu).add(sample_of(profile, 1, a, 10, 0));
  profile.series(Event::kCpu).add(sample_of(profile, 1, b, 20, 10));
  profile.series(Event::kCpu).add(sample_of(profile, 1, a, 30, 30));
  profile.series(Event::kCpu).add(sample_of(profile, 2, b, 100, 0));
  profile.series(Event::kWall).add(sample_of(profile, 2, b, 5, 0));

  auto json = render(profile);
  EXPECT_EQ(json["$schema"], "https://www.speedscope.app/file-format-schema.json");
  ASSERT_EQ(json["profiles"].size(), 3u);
  EXPECT_EQ(json["activeProfileIndex"], 1) << "the heaviest";
  const auto& main = json["profiles"][0];
  EXPECT_EQ(main["type"], "sampled");
  EXPECT_EQ(main["unit"], "nanoseconds");
  EXPECT_EQ(main["name"], "cpu: MainThread tid=1");
  EXPECT_EQ(main["startValue"], 0);
  EXPECT_EQ(main["endValue"], 60);
  EXPECT_EQ(main["weights"], (std::vector<int64_t>{10, 20, 30})) << "in the order of time, not merged";

  const auto& frames = json["shared"]["frames"];
  auto stack = [&](const nlohmann::json& ids) {
    std::string out;
    for (size_t id : ids) {
      out += frames[id]["name"].get<std::string>() + "@" + frames[id]["file"].get<std::string>() + ":" +
             std::to_string(frames[id]["line"].get<int>()) + " ";
    }
    return out;
  };
  EXPECT_EQ(stack(main["samples"][0]), "a@x.py:1 ");
  EXPECT_EQ(stack(main["samples"][1]), "a@x.py:1 b@x.py:2 ") << "root first";
  EXPECT_EQ(json["profiles"][2]["name"], "wall: thread tid=2");
}

TEST(Speedscope, SamplesOutOfOrderAreSorted) {
  Profile profile;
  StackId a = profile.push(0, python_frame(profile, "a", "x.py", 1));
  StackId b = profile.push(0, python_frame(profile, "b", "x.py", 2));
  profile.series(Event::kCpu).add(sample_of(profile, 1, a, 1, 100));
  profile.series(Event::kCpu).add(sample_of(profile, 1, b, 2, 50));
  EXPECT_EQ(render(profile)["profiles"][0]["weights"], (std::vector<int64_t>{2, 1}));
}

TEST(Speedscope, BytesAreBytes) {
  Profile profile;
  StackId a = profile.push(0, frame_of(profile, FrameKind::kJava, "a"));
  profile.series(Event::kAlloc).add(sample_of(profile, 1, a, 1));
  EXPECT_EQ(render(profile)["profiles"][0]["unit"], "bytes");
}

TEST(Speedscope, HostileNames) {
  Profile profile;
  profile.set_thread_name(100, 1, "\"\\</script>\xff");
  StackId a = profile.push(0, python_frame(profile, "f\"\n\\", "\"x\".py", 1));
  profile.series(Event::kCpu).add(sample_of(profile, 1, a, 1));
  auto json = render(profile);
  EXPECT_EQ(json["shared"]["frames"][0]["name"], "f\" \\");
  EXPECT_EQ(json["shared"]["frames"][0]["file"], "\"x\".py");
  EXPECT_EQ(json["profiles"][0]["name"], "cpu: \"\\</script>\xef\xbf\xbd tid=1");
}

TEST(Speedscope, NoSamples) {
  Profile profile;
  profile.series(Event::kCpu);
  EXPECT_TRUE(render(profile)["profiles"].empty());
}

}  // namespace
}  // namespace rtprof
