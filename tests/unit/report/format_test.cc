#include "report/format.h"

#include <gtest/gtest.h>

namespace rtprof {
namespace {

TEST(Format, ByEnding) {
  EXPECT_EQ(format_from_path("a/out.html"), Format::kHtml);
  EXPECT_EQ(format_from_path("out.svg"), Format::kSvg);
  EXPECT_EQ(format_from_path("out.collapsed"), Format::kCollapsed);
  EXPECT_EQ(format_from_path("out.folded"), Format::kCollapsed);
  EXPECT_EQ(format_from_path("out.pb.gz"), Format::kPprof);
  EXPECT_EQ(format_from_path("out.speedscope.json"), Format::kSpeedscope);
  EXPECT_EQ(format_from_path("out.txt"), Format::kText);
}

TEST(Format, UnknownEndings) {
  EXPECT_FALSE(format_from_path("out.json"));
  EXPECT_FALSE(format_from_path("html"));
  EXPECT_FALSE(format_from_path(".html")) << "a hidden file without an ending";
  EXPECT_FALSE(format_from_path("-"));
}

TEST(Format, NamesRoundTrip) {
  for (int i = 0; i <= static_cast<int>(Format::kText); ++i) {
    auto format = static_cast<Format>(i);
    EXPECT_EQ(format_from_name(format_name(format)), format);
    EXPECT_EQ(format_from_path("x" + std::string(format_ending(format))), format);
  }
  EXPECT_FALSE(format_from_name("xml"));
}

TEST(Format, PathsOfEventsAndProcesses) {
  EXPECT_EQ(path_for_event("out.svg", Event::kWall), "out.wall.svg");
  EXPECT_EQ(path_for_event("dir.d/out.pb.gz", Event::kCpu), "dir.d/out.cpu.pb.gz");
  EXPECT_EQ(path_for_event("dir.d/out", Event::kCpu), "dir.d/out.cpu");
  EXPECT_EQ(path_for_event("out.dat", Event::kCpu), "out.cpu.dat");
  EXPECT_EQ(path_for_process("out.speedscope.json", 42), "out.42.speedscope.json");
}

}  // namespace
}  // namespace rtprof
