#include "native/perf_map.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace rtprof::native {
namespace {

std::string at(const PerfMapEntries& entries, uint64_t address) {
  return std::string(entries.find(address).value_or(""));
}

TEST(PerfMapEntries, NamesHaveBlanksAndNumbersAreHexadecimal) {
  PerfMapEntries entries;
  EXPECT_EQ(entries.add("7f00 10 void Foo.bar(int)\n0x8000 0x20 other\n"), 44U);
  EXPECT_EQ(at(entries, 0x7eff), "");
  EXPECT_EQ(at(entries, 0x7f00), "void Foo.bar(int)");
  EXPECT_EQ(at(entries, 0x7f0f), "void Foo.bar(int)");
  EXPECT_EQ(at(entries, 0x7f10), "");
  EXPECT_EQ(at(entries, 0x801f), "other");
}

TEST(PerfMapEntries, ALineThatIsBeingWrittenIsLeft) {
  PerfMapEntries entries;
  EXPECT_EQ(entries.add("1000 10 whole\n2000 10 cut"), 14U);
  EXPECT_EQ(at(entries, 0x1000), "whole");
  EXPECT_EQ(at(entries, 0x2000), "");
  EXPECT_EQ(entries.add("2000 10 cut short\n"), 18U);
  EXPECT_EQ(at(entries, 0x2000), "cut short");
}

TEST(PerfMapEntries, LaterEntriesReplaceThoseTheyOverlap) {
  PerfMapEntries entries;
  entries.add("1000 100 a\n1100 100 b\n1200 100 c\n1300 100 d\n");
  entries.add("1180 100 new\n");
  EXPECT_EQ(at(entries, 0x10ff), "a");
  EXPECT_EQ(at(entries, 0x1100), "") << "its code is gone, the part that nobody wrote to as well";
  EXPECT_EQ(at(entries, 0x1180), "new");
  EXPECT_EQ(at(entries, 0x127f), "new");
  EXPECT_EQ(at(entries, 0x1280), "");
  EXPECT_EQ(at(entries, 0x1300), "d");
  EXPECT_EQ(entries.size(), 3U);
  entries.add("1000 1000 all\n");
  EXPECT_EQ(entries.size(), 1U);
  entries.add("1000 10 again\n");
  EXPECT_EQ(at(entries, 0x1000), "again");
  EXPECT_EQ(at(entries, 0x1010), "");
}

TEST(PerfMapEntries, LinesOfAnotherFormAreLeftOut) {
  PerfMapEntries entries;
  entries.add("\n \n1000\n1000 10\n1000 10 \n1000 0 empty\nxyz 10 a\n1000 xyz b\n-1000 10 c\n");
  entries.add("ffffffffffffffff ffffffffffffffff d\n10000000000000000 10 e\n");
  EXPECT_EQ(entries.size(), 0U);
  entries.add("ffffffffffffff00 ff last\n");
  EXPECT_EQ(at(entries, 0xfffffffffffffffe), "last");
}

// The map of this process.
class PerfMapTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove(path_); }
  void TearDown() override { std::filesystem::remove(path_); }
  void append(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }
  // Waits until it looks again.
  static bool refresh(PerfMap& map) {
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
    return map.refresh();
  }

  std::string path_ = "/tmp/perf-" + std::to_string(::getpid()) + ".map";
  Process self_ = Process::open(::getpid());
};

TEST_F(PerfMapTest, IsReadAsItGrows) {
  PerfMap map(self_);
  EXPECT_FALSE(map.refresh());
  append("1000 10 first\n2000 10 sec");
  EXPECT_TRUE(refresh(map));
  EXPECT_EQ(map.find(0x1000), "first");
  EXPECT_FALSE(map.find(0x2000));
  EXPECT_FALSE(refresh(map)) << "nothing new";
  append("ond\n3000 10 third\n");
  EXPECT_FALSE(map.refresh()) << "looked a moment ago";
  EXPECT_TRUE(refresh(map));
  EXPECT_EQ(map.find(0x1000), "first");
  EXPECT_EQ(map.find(0x2000), "second");
  EXPECT_EQ(map.find(0x3000), "third");
}

TEST_F(PerfMapTest, AnotherFileInItsPlaceIsReadAnew) {
  append("1000 10 first\n");
  PerfMap map(self_);
  EXPECT_TRUE(map.refresh());
  append("2000 10 second\n");
  std::filesystem::remove(path_);
  append("3000 10 third\n");
  EXPECT_TRUE(refresh(map));
  EXPECT_FALSE(map.find(0x1000));
  EXPECT_EQ(map.find(0x3000), "third");
}

TEST_F(PerfMapTest, OnlyARegularFileIsRead) {
  std::string target = path_ + ".target";
  std::ofstream(target) << "1000 10 name\n";
  ASSERT_EQ(::symlink(target.c_str(), path_.c_str()), 0);
  PerfMap map(self_);
  EXPECT_FALSE(map.refresh());
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_FALSE(refresh(map)) << "and nobody waits for a writer";
  std::filesystem::remove(path_);
  std::filesystem::rename(target, path_);
  EXPECT_TRUE(refresh(map));
}

TEST_F(PerfMapTest, AFileOfSomebodyElseIsNotBelieved) {
  append("1000 10 forged\n");
  if (::chown(path_.c_str(), 12345, 12345) != 0) GTEST_SKIP() << "giving files away is not permitted";
  PerfMap map(self_);
  EXPECT_FALSE(map.refresh());
  EXPECT_FALSE(map.find(0x1000));
}

}  // namespace
}  // namespace rtprof::native
