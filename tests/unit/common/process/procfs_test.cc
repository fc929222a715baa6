#include "common/process/procfs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rtprof {
namespace {

TEST(ParseMaps, ReadsEveryField) {
  auto maps = parse_maps(
      "5570e0000000-5570e0004000 r-xp 00002000 fe:01 1234                       /usr/bin/my program "
      "(deleted)\n"
      "7ffc1000-7ffc2000 rw-p 00000000 00:00 0 \n"
      "7ffff0000000-7ffff0001000 ---p 00000000 00:00 0                          [heap]\n");
  ASSERT_EQ(maps.size(), 3U);
  EXPECT_EQ(maps[0].start, 0x5570e0000000U);
  EXPECT_EQ(maps[0].size(), 0x4000U);
  EXPECT_EQ(maps[0].offset, 0x2000U);
  EXPECT_EQ(maps[0].inode, 1234U);
  EXPECT_TRUE(maps[0].executable);
  EXPECT_FALSE(maps[0].writable);
  EXPECT_EQ(maps[0].path, "/usr/bin/my program (deleted)");
  EXPECT_EQ(maps[1].path, "");
  EXPECT_TRUE(maps[1].writable);
  EXPECT_EQ(maps[2].path, "[heap]");
  EXPECT_FALSE(maps[2].readable);
}

TEST(ParseMaps, PassesOverLinesThatAreNone) {
  EXPECT_TRUE(parse_maps("").empty());
  EXPECT_TRUE(parse_maps("hello\n\n-\n20-10 r-xp 0 0:0 0\n").empty());
}

std::string stat_line(const std::string& comm) {
  return "42 (" + comm + ") S 7 42 42 0 -1 4194560 1 2 3 4 11 22 0 0 20 0 3 0 98765 1000 200\n";
}

TEST(ParseStat, ReadsTheFieldsAfterTheName) {
  auto stat = parse_stat(stat_line("python3"));
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->comm, "python3");
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->parent, 7);
  EXPECT_EQ(stat->flags, 4194560U);
  EXPECT_EQ(stat->user_ticks, 11U);
  EXPECT_EQ(stat->system_ticks, 22U);
  EXPECT_EQ(stat->start_time, 98765U);
}

TEST(ParseStat, FindsTheEndOfAHostileName) {
  auto stat = parse_stat(stat_line("a) R 1 (b"));
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->comm, "a) R 1 (b");
  EXPECT_EQ(stat->state, 'S');
}

TEST(ParseStat, RefusesACutLine) {
  EXPECT_FALSE(parse_stat(""));
  EXPECT_FALSE(parse_stat("42 (python3) S 7 42"));
  EXPECT_FALSE(parse_stat(")("));
}

TEST(ParseStatus, ReadsIdsAndSwitches) {
  ProcStatus status = parse_status(
      "Name:\tx\nTgid:\t500\nTracerPid:\t9\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nNSpid:\t500\t12\t1\n"
      "voluntary_ctxt_switches:\t10\nnonvoluntary_ctxt_switches:\t3\n");
  EXPECT_EQ(status.tgid, 500);
  EXPECT_EQ(status.tracer, 9);
  EXPECT_EQ(status.real_uid, 1U);
  EXPECT_EQ(status.effective_uid, 2U);
  EXPECT_EQ(status.effective_gid, 6U);
  EXPECT_THAT(status.ns_pids, testing::ElementsAre(500, 12, 1));
  EXPECT_EQ(status.voluntary_switches, 10U);
  EXPECT_EQ(status.involuntary_switches, 3U);
}

}  // namespace
}  // namespace rtprof
