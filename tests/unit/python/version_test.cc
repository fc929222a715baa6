#include "python/version.h"

#include <gtest/gtest.h>

namespace rtprof {
namespace {

TEST(PythonVersion, FromHex) {
  EXPECT_EQ(PythonVersion::from_hex(0x030e0af0).text(), "3.14.10");
  EXPECT_EQ(PythonVersion::from_hex(0x031000a3).text(), "3.16.0a3");
  EXPECT_EQ(PythonVersion::from_hex(0x030f00c1).text(), "3.15.0rc1");
}

TEST(PythonVersion, Parse) {
  EXPECT_EQ(PythonVersion::parse("3.9.2")->text(), "3.9.2");
  EXPECT_EQ(PythonVersion::parse("3.13.0rc2")->text(), "3.13.0rc2");
  EXPECT_EQ(PythonVersion::parse("3.9.2+")->text(), "3.9.2");
  for (const char* text : {"", "3", "3.", "3.9", "3.9.", "python", "3.9.x", "999.1.1", "3.-1.2",
                           "3.9.2 (heads)", "3.9.2x", "3.9.2a"}) {
    EXPECT_EQ(PythonVersion::parse(text), std::nullopt) << text;
  }
}

TEST(PythonVersion, OfPath) {
  EXPECT_EQ(python_version_of_path("/usr/bin/python3.9")->text(), "3.9");
  EXPECT_EQ(python_version_of_path("/opt/lib/libpython3.13t.so.1.0")->text(), "3.13");
  EXPECT_EQ(python_version_of_path("/usr/lib/libpython2.7.so.1.0 (deleted)")->text(), "2.7");
  for (const char* path :
       {"/usr/bin/python3", "/usr/lib/libpython3.so", "/opt/python3.9/bin/uwsgi", "", "/"}) {
    EXPECT_EQ(python_version_of_path(path), std::nullopt) << path;
  }
}

}  // namespace
}  // namespace rtprof
