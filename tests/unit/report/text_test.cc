#include "report/text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rtprof {
namespace {

TEST(CleanText, KeepsValidUtf8) {
  EXPECT_EQ(clean_text("plain"), "plain");
  EXPECT_EQ(clean_text("naïve 函数 😀"), "naïve 函数 😀");
}

TEST(CleanText, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(clean_text("latin\xe9"), "latin\xef\xbf\xbd");
  EXPECT_EQ(clean_text("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd") << "overlong";
  EXPECT_EQ(clean_text("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") << "surrogate";
  EXPECT_EQ(clean_text("\xf0\x9f\x98"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") << "cut short";
  EXPECT_EQ(clean_text("\xf4\x90\x80\x80"), clean_text("\xff\xff\xff\xff")) << "above U+10FFFF";
  EXPECT_EQ(clean_text("\xef\xbf\xbe"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")
      << "U+FFFE, which XML forbids";
}

TEST(CleanText, ReplacesControlCharacters) {
  EXPECT_EQ(clean_text(std::string_view("a\0b\nc\x1b[31m\x7f", 11)), "a b c [31m ");
  EXPECT_EQ(clean_text("a\xc2\x9b\xe2\x80\xa8z"), "a  z") << "C1 and the line separator";
}

TEST(CleanFrameText, SeparatorsBecomeColons) {
  EXPECT_EQ(clean_frame_text("f(La;Lb;)\n"), "f(La:Lb:) ");
}

TEST(JsonString, RoundTripsThroughAParser) {
  std::string hostile = "</script>\"\\<!--&' \xc3\xa9";
  std::string json = json_string(hostile);
  EXPECT_EQ(nlohmann::json::parse(json).get<std::string>(), hostile);
  EXPECT_EQ(json.find_first_of("<>&"), std::string::npos);
}

TEST(MarkupText, EscapesWhatMeansSomething) {
  EXPECT_EQ(markup_text("<a b=\"c\">'&"), "&lt;a b=&quot;c&quot;&gt;&#39;&amp;");
}

TEST(Glob, MatchesTheWholeText) {
  EXPECT_TRUE(glob_matches("main", "main"));
  EXPECT_FALSE(glob_matches("main", "main2"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_FALSE(glob_matches("?", ""));
  EXPECT_TRUE(glob_matches("java/*.get", "java/util/HashMap.get"));
  EXPECT_TRUE(glob_matches("*a*b?", "xxaabbc"));
  EXPECT_FALSE(glob_matches("*a*b?", "xxaabb_c"));
  EXPECT_TRUE(glob_matches("[unknown*", "[unknown: torn]")) << "brackets are themselves";
}

TEST(Glob, ManyStarsStayFast) {
  EXPECT_FALSE(glob_matches("*a*a*a*a*a*a*a*a*a*a*b", std::string(2000, 'a')));
}

}  // namespace
}  // namespace rtprof
