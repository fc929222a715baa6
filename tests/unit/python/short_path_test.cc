#include "python/short_path.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace rtprof {
namespace {

namespace fs = std::filesystem;

// A directory that stands for /proc/PID: its "root" holds packages.
class ShortPathsTest : public testing::Test {
 protected:
  ShortPathsTest() {
    fs::create_directories(process_ / "root");
    fs::create_directories(process_ / "cwd");
  }
  ~ShortPathsTest() override { fs::remove_all(process_); }

  void add_package(const std::string& below) {
    fs::create_directories(process_ / below);
    std::ofstream(process_ / below / "__init__.py");
  }

  fs::path process_ = fs::temp_directory_path() / ("rtprof_short_path_" + std::to_string(::getpid()));
};

TEST_F(ShortPathsTest, KeepsThePackages) {
  add_package("root/usr/lib/python3/json");
  add_package("root/srv/app/web");
  add_package("root/srv/app");
  ShortPaths paths(process_.string());
  EXPECT_EQ(paths.shorten("/usr/lib/python3/json/decoder.py"), "json/decoder.py");
  EXPECT_EQ(paths.shorten("/srv/app/web/views.py"), "app/web/views.py");
  EXPECT_EQ(paths.shorten("/usr/lib/python3/threading.py"), "threading.py");
  EXPECT_EQ(paths.shorten("/gone/away.py"), "away.py");
}

TEST_F(ShortPathsTest, LeavesOtherNamesAlone) {
  ShortPaths paths(process_.string());
  for (const char* name : {"<string>", "<frozen importlib._bootstrap>", "<doctest /a/b>", "script.py", ""}) {
    EXPECT_EQ(paths.shorten(name), name);
  }
}

TEST_F(ShortPathsTest, AcceptsAPackageAtTheTop) {
  add_package("root/app");
  std::ofstream(process_ / "root/__init__.py");
  ShortPaths paths(process_.string());
  EXPECT_EQ(paths.shorten("/app/main.py"), "app/main.py");
  EXPECT_EQ(paths.shorten("/main.py"), "main.py");
}

TEST_F(ShortPathsTest, LooksUpRelativePathsWhereTheProcessIs) {
  add_package("cwd/work/pkg");
  ShortPaths paths(process_.string());
  EXPECT_EQ(paths.shorten("work/pkg/module.py"), "pkg/module.py");
}

TEST_F(ShortPathsTest, LinksStayInTheRoot) {
  add_package("root/real/pkg");
  fs::create_directory_symlink("/real/pkg", process_ / "root/linked");
  ShortPaths paths(process_.string());
  EXPECT_EQ(paths.shorten("/linked/module.py"), "linked/module.py");
}

TEST_F(ShortPathsTest, WithoutAProcessOnlyTheNameIsLeft) {
  ShortPaths paths("");
  EXPECT_EQ(paths.shorten("/usr/lib/python3/json/decoder.py"), "decoder.py");
}

}  // namespace
}  // namespace rtprof
