#include "report/svg.h"

#include <gtest/gtest.h>

#include <regex>

#include "report/palette.h"
#include "tests/unit/report/profiles.h"

namespace rtprof {
namespace {

struct Svg : testing::Test {
  Profile profile;
  ReportOptions options;
  StackId main = profile.push(0, python_frame(profile, "main", "a.py", 1));
  StackId leaf = profile.push(main, python_frame(profile, "leaf", "a.py", 2));

  std::string render() {
    View view(profile, options);
    return text_of([&](Sink& out) { write_svg(out, view, profile.series(Event::kCpu)); });
  }
  struct Frame {
    double x, y, width;
  };
  // The rectangle of the frame whose title begins with `text`.
  static Frame frame(const std::string& svg, const std::string& text) {
    const std::string number = "=\"([0-9.]+)\"";
    std::regex pattern("<title>" + text + "[^<]*</title><rect class=\"frame\" x" + number + " y" + number +
                       " width" + number);
    std::smatch match;
    EXPECT_TRUE(std::regex_search(svg, match, pattern)) << text << "\n" << svg;
    if (match.empty()) return {};
    return {std::stod(match[1]), std::stod(match[2]), std::stod(match[3])};
  }
};

TEST_F(Svg, WidthIsWeightAndHeightIsDepth) {
  options.total = true;
  profile.series(Event::kCpu).add(sample_of(profile, 1, leaf, 250));
  profile.series(Event::kCpu).add(sample_of(profile, 1, main, 750));
  std::string svg = render();
  Frame all = frame(svg, "all");
  Frame caller = frame(svg, "main");
  Frame callee = frame(svg, "leaf");
  EXPECT_NEAR(all.width, 1180, 1);
  EXPECT_NEAR(caller.width, all.width, 0.01);
  EXPECT_NEAR(callee.width, all.width / 4, 1);
  EXPECT_LT(callee.y, caller.y);
  EXPECT_LT(caller.y, all.y);
  options.inverted = true;
  svg = render();
  EXPECT_GT(frame(svg, "leaf").y, frame(svg, "main").y);
}

TEST_F(Svg, TitlesCountSamplingPeriods) {
  profile.rate = 100;
  profile.series(Event::kCpu).add(sample_of(profile, 1, leaf, 12 * kSecond));
  EXPECT_NE(render().find("<title>leaf (a.py:2) (1,200 samples, 100.00%)</title>"), std::string::npos);
  options.total = true;
  EXPECT_NE(render().find("<title>leaf (a.py:2) (12.0 s, 100.00%)</title>"), std::string::npos);
}

TEST_F(Svg, NarrowFramesAreLeftOut) {
  options.total = true;
  options.min_width = 5;
  profile.series(Event::kCpu).add(sample_of(profile, 1, leaf, 1));
  profile.series(Event::kCpu).add(sample_of(profile, 1, main, 999));
  EXPECT_EQ(render().find("leaf"), std::string::npos);
  options.min_width = 0.1;
  EXPECT_NE(render().find("leaf"), std::string::npos);
}

TEST_F(Svg, NamesAreEscaped) {
  options.title = "<b>&\"";
  StackId stack = profile.push(0, python_frame(profile, "<script>alert('1')</script>\x01\xff", "a&b.py", 1));
  profile.series(Event::kCpu).add(sample_of(profile, 1, stack, 10));
  std::string svg = render();
  EXPECT_EQ(svg.find("<script"), std::string::npos);
  EXPECT_EQ(svg.find("<b>"), std::string::npos);
  EXPECT_EQ(svg.find('\x01'), std::string::npos);
  EXPECT_NE(svg.find("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; \xef\xbf\xbd (a&amp;b.py:1)"),
            std::string::npos);
}

TEST_F(Svg, LabelsAreCutBetweenCharacters) {
  options.total = true;
  std::string name;
  for (int i = 0; i < 400; ++i) name += "函";
  StackId stack = profile.push(0, python_frame(profile, name, "a.py", 1));
  profile.series(Event::kCpu).add(sample_of(profile, 1, stack, 10));
  EXPECT_EQ(render().find("\xef\xbf\xbd"), std::string::npos) << "no half character was left";
}

TEST_F(Svg, NoSamples) {
  profile.series(Event::kCpu);
  std::string svg = render();
  EXPECT_NE(svg.find("</svg>"), std::string::npos);
  EXPECT_EQ(svg.find("class=\"frame\""), std::string::npos);
}

TEST(Palette, KnownNames) {
  for (const std::string& name : palette_names()) EXPECT_NE(find_palette(name), nullptr) << name;
  EXPECT_EQ(find_palette(""), find_palette("kind"));
  EXPECT_EQ(find_palette("no such"), nullptr);
}

TEST(Palette, LinesOfAFunctionAreOneColor) {
  const Palette& palette = *find_palette("hot");
  EXPECT_EQ(frame_color(palette, ShownKind::kPython, "f (a.py:1)"),
            frame_color(palette, ShownKind::kPython, "f (a.py:22)"));
  EXPECT_NE(frame_color(palette, ShownKind::kPython, "f (a.py:1)"),
            frame_color(palette, ShownKind::kPython, "g (b.py:1)"));
}

}  // namespace
}  // namespace rtprof
