#include "python/image.h"

#include <gtest/gtest.h>

#include "python/locate.h"

namespace rtprof {
namespace {

using std::string_view_literals::operator""sv;

std::string found(std::string_view strings, const std::optional<PythonVersion>& expected = std::nullopt) {
  auto version = version_in_strings(strings, expected);
  return version ? version->text() : "";
}

TEST(VersionInStrings, FindsTheLiteral) {
  EXPECT_EQ(found("abc\0003.9.2\0003.2.0\000x"sv), "3.9.2");
  EXPECT_EQ(found("3.8.0rc1\000"sv), "3.8.0rc1");
  EXPECT_EQ(found("x\0003.9.2+\000"sv), "3.9.2+"sv.substr(0, 5));
}

TEST(VersionInStrings, PassesOverOtherNumbers) {
  EXPECT_EQ(found("13.9.2\0001.3.9.2\0003.2.0\000GLIBC_2.3.4x\0003.9 is older than 3.10\000"sv), "");
  EXPECT_EQ(found(""), "");
  EXPECT_EQ(found("3."), "");
}

TEST(VersionInStrings, TheNameOfTheFileDecides) {
  auto expected = python_version_of_path("/usr/lib/libpython3.10.so.1.0");
  EXPECT_EQ(found("3.9.99\0003.10.4\000"sv, expected), "3.10.4");
  EXPECT_EQ(found("3.9.99\000"sv, expected), "");
}

TEST(PythonImage, ThisProgramHoldsNoInterpreter) {
  auto image = read_python_image("/proc/self/exe", "/usr/bin/rtprof_unit_tests");
  ASSERT_TRUE(image);
  EXPECT_FALSE(image->interpreter);
  EXPECT_FALSE(read_python_image("/proc/self/maps", "/usr/bin/python3.9"));
}

TEST(FindPython, ThisProcessIsNotPython) {
  Process self = Process::open(::getpid());
  EXPECT_EQ(find_python(self).outcome, PythonSearch::Outcome::kNotPython);
  EXPECT_EQ(detect_python(self), std::nullopt);
}

}  // namespace
}  // namespace rtprof
