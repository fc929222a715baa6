#include "common/process/credentials.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace rtprof {
namespace {

TEST(Credentials, OfAStatusFile) {
  Credentials credentials = parse_credentials(
      "Name:\tUid:\nUid:\t1000\t0\t5\t1000\nGid:\t100\t101\t102\t100\nCapInh:\t0000000000000000\n"
      "CapPrm:\t000001ffffffffff\nCapEff:\t0000000000080000\n");
  EXPECT_EQ(credentials.real_uid, 1000U);
  EXPECT_EQ(credentials.effective_uid, 0U);
  EXPECT_EQ(credentials.saved_uid, 5U);
  EXPECT_EQ(credentials.real_gid, 100U);
  EXPECT_EQ(credentials.effective_gid, 101U);
  EXPECT_EQ(credentials.saved_gid, 102U);
  EXPECT_EQ(credentials.permitted, 0x1ffffffffffU);
  EXPECT_TRUE(credentials.has(Capability::kSysPtrace));
  EXPECT_FALSE(credentials.has(Capability::kBpf));
}

TEST(Credentials, OfTextThatIsNone) {
  EXPECT_EQ(parse_credentials("").effective, 0U);
  EXPECT_EQ(parse_credentials("Uid:\nCapEff:\tzz\n").effective, 0U);
}

TEST(Credentials, OwnOnesAreTheKernels) {
  EXPECT_EQ(own_credentials().effective_uid, ::geteuid());
  EXPECT_EQ(read_credentials(::getpid())->real_gid, ::getgid());
  EXPECT_FALSE(read_credentials(-1));
}

TEST(UserName, OfKnownAndUnknownIds) {
  EXPECT_EQ(user_name(0), "root");
  EXPECT_EQ(user_name(4123456789), "4123456789");
}

}  // namespace
}  // namespace rtprof
