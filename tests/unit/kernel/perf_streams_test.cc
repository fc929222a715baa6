#include "kernel/perf_streams.h"

#include <gtest/gtest.h>

namespace rtprof::kernel {
namespace {

using Verdict = PerfStreams::Verdict;

RecordId of(pid_t tid, uint32_t cpu, uint64_t event) {
  RecordId id;
  id.tid = tid;
  id.cpu = cpu;
  id.event = event;
  return id;
}

TEST(PerfStreams, TheFirstOfAThreadOnEachCpuIsTold) {
  PerfStreams streams;
  EXPECT_EQ(streams.judge(of(7, 0, 1)), Verdict::kFirst);
  EXPECT_EQ(streams.judge(of(7, 0, 1)), Verdict::kNext);
  EXPECT_EQ(streams.judge(of(7, 1, 2)), Verdict::kFirst);
  EXPECT_EQ(streams.judge(of(8, 0, 1)), Verdict::kFirst);
}

TEST(PerfStreams, OfTwoEventsOfAThreadTheOneOpenedFirstCounts) {
  PerfStreams streams;
  EXPECT_EQ(streams.judge(of(7, 0, 5)), Verdict::kFirst);
  EXPECT_EQ(streams.judge(of(7, 0, 3)), Verdict::kNext);
  EXPECT_EQ(streams.judge(of(7, 0, 5)), Verdict::kDuplicate);
  EXPECT_EQ(streams.judge(of(7, 0, 3)), Verdict::kNext);
  // On another CPU it may have inherited none.
  EXPECT_EQ(streams.judge(of(7, 1, 6)), Verdict::kFirst);
  EXPECT_EQ(streams.judge(of(7, 1, 6)), Verdict::kNext);
}

TEST(PerfStreams, AnIdThatIsUsedAgainIsAnotherThread) {
  PerfStreams streams;
  streams.judge(of(7, 0, 1));
  streams.judge(of(7, 1, 2));
  streams.forget(7, 2);
  EXPECT_EQ(streams.judge(of(7, 0, 9)), Verdict::kFirst);
  EXPECT_EQ(streams.judge(of(7, 1, 9)), Verdict::kFirst);
}

}  // namespace
}  // namespace rtprof::kernel
