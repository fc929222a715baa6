#include "report/report.h"

#include <gtest/gtest.h>

#include "tests/unit/report/profiles.h"

namespace rtprof {
namespace {

Result<std::string> rendered(const Profile& profile, Format format, const ReportOptions& options) {
  StringSink out;
  auto written = render(profile, format, options, out);
  if (!written) return written.failure();
  return out.text();
}

TEST(Render, ChoosesTheEvent) {
  Profile profile;
  ReportOptions options;
  EXPECT_FALSE(rendered(profile, Format::kHtml, options).ok()) << "nothing was recorded";
  profile.series(Event::kCpu)
      .add(sample_of(profile, 1, profile.push(0, python_frame(profile, "a", "x", 1)), 5));
  EXPECT_EQ(*rendered(profile, Format::kCollapsed, options), "a (x:1) 5\n");
  profile.series(Event::kWall);
  EXPECT_FALSE(rendered(profile, Format::kCollapsed, options).ok()) << "which one?";
  EXPECT_TRUE(rendered(profile, Format::kHtml, options).ok());
  options.event = Event::kCpu;
  EXPECT_EQ(*rendered(profile, Format::kCollapsed, options), "a (x:1) 5\n");
  options.event = Event::kAlloc;
  auto missing = rendered(profile, Format::kCollapsed, options);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.failure().message, "no alloc was recorded");
}

}  // namespace
}  // namespace rtprof
