#include "report/html.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/report/profiles.h"

namespace rtprof {
namespace {

std::vector<const Series*> all_events(const Profile& profile) {
  std::vector<const Series*> events;
  for (const Series& series : profile.all_series()) events.push_back(&series);
  return events;
}

std::string page_data(const Profile& profile, const ReportOptions& options) {
  return text_of([&](Sink& out) { write_page_data(out, profile, all_events(profile), options); });
}

TEST(PageData, HoldsWhatTheSamplesUse) {
  Profile profile;
  profile.rate = 99;
  profile.set_thread_name(100, 1, "MainThread");
  python_frame(profile, "unused", "u.py", 1);
  StackId main = profile.push(0, python_frame(profile, "main", "a.py", 10));
  StackId leaf = profile.push(main, python_frame(profile, "leaf", "a.py", 20));
  for (int i = 0; i < 3; ++i) profile.series(Event::kCpu).add(sample_of(profile, 1, leaf, 10));
  profile.series(Event::kCpu).add(sample_of(profile, 1, main, 5));
  profile.series(Event::kWall).add(sample_of(profile, 1, leaf, 7));

  auto data = nlohmann::json::parse(page_data(profile, {}));
  auto text = [&](const nlohmann::json& id) { return data["strings"][id.get<size_t>()]; };
  const auto& frames = data["frames"];
  ASSERT_EQ(frames["name"].size(), 2) << "the frame that no sample uses is left out";
  ASSERT_EQ(data["events"].size(), 2);
  const auto& cpu = data["events"][0];
  EXPECT_EQ(cpu["name"], "cpu");
  EXPECT_EQ(cpu["samples"], 4);
  ASSERT_EQ(cpu["stack"].size(), 2) << "equal samples are one row";

  int64_t leaf_weight = 0;
  for (size_t row = 0; row < 2; ++row) {
    size_t stack = cpu["stack"][row];
    size_t frame = data["stacks"]["frame"][stack];
    if (text(frames["name"][frame]) == "leaf (a.py)") {
      leaf_weight = cpu["weight"][row];
      EXPECT_EQ(frames["line"][frame], 20);
      EXPECT_EQ(text(frames["file"][frame]), "/srv/app/a.py");
      size_t caller = stack - data["stacks"]["up"][stack].get<size_t>();
      EXPECT_EQ(text(frames["name"][data["stacks"]["frame"][caller].get<size_t>()]), "main (a.py)");
    }
  }
  EXPECT_EQ(leaf_weight, 30);
  EXPECT_EQ(text(data["threads"]["thread"][0]), "MainThread tid=1");
}

TEST(PageData, FiltersBeforeThePageSeesIt) {
  Profile profile;
  StackId keep = profile.push(0, python_frame(profile, "keep", "a.py", 10));
  StackId drop = profile.push(0, python_frame(profile, "drop", "a.py", 20));
  profile.series(Event::kCpu).add(sample_of(profile, 1, keep, 10));
  profile.series(Event::kCpu).add(sample_of(profile, 1, drop, 10));
  ReportOptions options;
  options.exclude = {"drop"};
  std::string data = page_data(profile, options);
  EXPECT_EQ(data.find("drop"), std::string::npos);
  EXPECT_NE(data.find("keep"), std::string::npos);
}

TEST(Html, NamesCannotLeaveTheirPlace) {
  Profile profile;
  const std::string hostile = "</script><script>alert(1)</script><!--";
  profile.processes.push_back({100, hostile});
  profile.set_thread_name(100, 1, hostile);
  StackId stack = profile.push(0, python_frame(profile, hostile, hostile, 1));
  profile.series(Event::kCpu).add(sample_of(profile, 1, stack, 10));
  RunQuality run;
  run.runtime = run.reason = hostile;
  profile.quality.runs.push_back(run);
  ReportOptions options;
  std::string with = text_of([&](Sink& out) { write_html(out, profile, all_events(profile), options); });
  std::string without = text_of([&](Sink& out) { write_html(out, Profile(), {}, options); });
  auto count = [](const std::string& page, std::string_view what) {
    size_t found = 0;
    for (size_t at = 0; (at = page.find(what, at)) != std::string::npos; ++at) ++found;
    return found;
  };
  for (std::string_view tag : {"<script", "</script", "<!--", "<!", "</title"}) {
    EXPECT_EQ(count(with, tag), count(without, tag)) << tag;
  }
}

TEST(Html, TheTitleNamesTargetAndEvents) {
  Profile profile;
  profile.processes = {{100, "gunicorn"}, {101, "gunicorn"}};
  profile.series(Event::kCpu);
  profile.series(Event::kWall);
  EXPECT_EQ(default_title(profile, all_events(profile), {}), "gunicorn (pid 100) and 1 more: cpu, wall");
  ReportOptions options;
  options.pid = 101;
  EXPECT_EQ(default_title(profile, all_events(profile), options), "gunicorn (pid 101): cpu, wall");
}

}  // namespace
}  // namespace rtprof
