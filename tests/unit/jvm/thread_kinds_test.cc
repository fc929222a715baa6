#include "jvm/thread_kinds.h"

#include <gtest/gtest.h>

namespace rtprof::jvm {
namespace {

TEST(ThreadKinds, AreKnownByTheFirstLetters) {
  EXPECT_EQ(kind_of_thread("C2 CompilerThre"), "[JIT compiler]");
  EXPECT_EQ(kind_of_thread("G1 Conc#12"), "[GC]");
  EXPECT_EQ(kind_of_thread("VM Thread"), "[VM]");
  EXPECT_EQ(kind_of_thread("Gang worker#0 (P"), "[GC]");
}

TEST(ThreadKinds, AreKnownByBothEnds) {
  EXPECT_EQ(kind_of_thread("VM Peri..Thread"), "[VM]");
  EXPECT_EQ(kind_of_thread("C1 Comp..hread0"), "[JIT compiler]");
  EXPECT_EQ(kind_of_thread("G1 Refi..kers#0"), "[GC]");
  EXPECT_EQ(kind_of_thread("Shenand..eads#1"), "[GC]");
}

TEST(ThreadKinds, AreNotThoseOfTheProgram) {
  EXPECT_EQ(kind_of_thread("VM Peri..Worker"), "");
  EXPECT_EQ(kind_of_thread("G1 Conc#a"), "");
  EXPECT_EQ(kind_of_thread("VM Threads"), "");
  EXPECT_EQ(kind_of_thread(""), "");
}

}  // namespace
}  // namespace rtprof::jvm
