#include "jvm/attach_listener.h"

#include <gtest/gtest.h>

namespace rtprof::jvm {
namespace {

TEST(AttachListenerTest, RepliesOfAllReleases) {
  AttachReply reply = parse_attach_reply("0\n0\n");  // JDK 8
  EXPECT_EQ(reply.status, 0);
  EXPECT_EQ(reply.text, "0");
  reply = parse_attach_reply("0\nreturn code: 0\n");
  EXPECT_EQ(reply.text, "return code: 0");
  reply = parse_attach_reply("0\nagent.so was not loaded.\nno such file\n");  // JDK 21
  EXPECT_EQ(reply.status, 0);
  EXPECT_EQ(reply.text, "agent.so was not loaded.\nno such file");
  EXPECT_EQ(parse_attach_reply("101\nprotocol not supported\n").status, 101);
}

TEST(AttachListenerTest, WhatIsNoReplyIsAFailure) {
  EXPECT_EQ(parse_attach_reply("").status, -1);
  EXPECT_EQ(parse_attach_reply("hello").status, -1);
}

}  // namespace
}  // namespace rtprof::jvm
