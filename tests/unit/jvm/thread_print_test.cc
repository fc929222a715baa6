#include "jvm/thread_print.h"

#include <gtest/gtest.h>

namespace rtprof::jvm {
namespace {

TEST(ThreadPrintTest, ReadsThreadsOfOldAndNewReleases) {
  auto threads = parse_thread_print(R"(2026-11-29 22:00:00
Full thread dump OpenJDK 64-Bit Server VM (17.0.19+10 mixed mode):

Threads class SMR info:
_java_thread_list=0x00007f, length=2, elements={
0x00007f1
}

"wait nid=7 er" #12 daemon prio=5 os_prio=0 cpu=0.2ms elapsed=3.1s tid=0x00007f nid=0x2a in Object.wait()  [0x00007f]
   java.lang.Thread.State: WAITING (on object monitor)
	at java.lang.Object.wait(java.base@17.0.19/Native Method)
	- waiting on <0x00000007> (a java.lang.Object)
	at Waits.waitOnMonitor(Waits.java:21)
	at Waits$$Lambda$3/0x00007f67b8001a28.run(Unknown Source)

   Locked ownable synchronizers:
	- None

"main" #1 [77] prio=5 os_prio=0 cpu=50ms elapsed=3.1s tid=0x00007f nid=77 waiting on condition  [0x00007f]
   java.lang.Thread.State: TIMED_WAITING (sleeping)
	at java.lang.Thread.sleep0(java.base@21.0.1/Native Method)

"GC Thread#0" os_prio=0 cpu=1ms elapsed=3s tid=0x00007f nid=78 runnable
"busy" #3 [79] prio=5 nid=79 runnable  [0x00007f]
   java.lang.Thread.State: RUNNABLE
	at A.b(A.java:5)
)");
  ASSERT_EQ(threads.size(), 4u);
  EXPECT_EQ(threads[0].tid, 42);
  EXPECT_EQ(threads[0].reason, Reason::kLock);
  ASSERT_EQ(threads[0].leaf_first.size(), 3u);
  EXPECT_EQ(threads[0].leaf_first[0].method, "java/lang/Object.wait");
  EXPECT_EQ(threads[0].leaf_first[0].line, 0);
  EXPECT_EQ(threads[0].leaf_first[1].method, "Waits.waitOnMonitor");
  EXPECT_EQ(threads[0].leaf_first[1].line, 21);
  EXPECT_EQ(threads[0].leaf_first[2].method, "Waits$$Lambda$3/0x00007f67b8001a28.run");
  EXPECT_EQ(threads[1].tid, 77);
  EXPECT_EQ(threads[1].reason, Reason::kSleep);
  EXPECT_TRUE(threads[2].leaf_first.empty());
  EXPECT_EQ(threads[3].reason, Reason::kNone);
}

}  // namespace
}  // namespace rtprof::jvm
