#include "kernel/perf_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rtprof::kernel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(PerfEvent, CpuLists) {
  EXPECT_THAT(parse_cpu_list("0\n"), ElementsAre(0));
  EXPECT_THAT(parse_cpu_list("0-3,5,8-9\n"), ElementsAre(0, 1, 2, 3, 5, 8, 9));
  EXPECT_THAT(parse_cpu_list(""), IsEmpty());
  EXPECT_THAT(parse_cpu_list("none"), IsEmpty());
  EXPECT_THAT(parse_cpu_list("1,2-"), ElementsAre(1));
  EXPECT_THAT(parse_cpu_list("0-4000000000"), IsEmpty());
  EXPECT_FALSE(online_cpus().empty());
}

}  // namespace
}  // namespace rtprof::kernel
