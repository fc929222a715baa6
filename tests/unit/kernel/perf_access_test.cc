#include "kernel/perf_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace rtprof::kernel {
namespace {

using testing::HasSubstr;
using testing::Not;

PerfFacts user(int paranoid) {
  PerfFacts facts;
  facts.ours.effective_uid = facts.ours.real_uid = 1000;
  facts.paranoid = paranoid;
  facts.mlock_kb = 516;
  facts.memlock_limit = 8 << 20;
  facts.file_limit = 1024;
  return facts;
}

PerfFacts capable(int paranoid) {
  PerfFacts facts = user(paranoid);
  facts.ours.effective = uint64_t{1} << static_cast<int>(Capability::kPerfmon);
  return facts;
}

TEST(PerfAccess, ParanoidLevelsNameWhatTheyForbidAndTheLevelThatAllowsIt) {
  struct Case {
    int level;
    PerfWish wish;
    const char* forbidden;
    const char* fix;
  };
  for (const Case& each : {Case{1, PerfWish::kCpus, "to sample a whole CPU", "perf_event_paranoid=0"},
                           Case{2, PerfWish::kKernel, "to sample the kernel", "perf_event_paranoid=1"},
                           Case{3, PerfWish::kUserMode, "perf events altogether", "perf_event_paranoid=2"},
                           Case{4, PerfWish::kRings, "perf events altogether", "perf_event_paranoid=2"}}) {
    Denial denial = explain_perf_denial(user(each.level), each.wish, EACCES);
    EXPECT_THAT(denial.reason, HasSubstr("kernel.perf_event_paranoid is " + std::to_string(each.level)));
    EXPECT_THAT(denial.reason, HasSubstr(each.forbidden));
    EXPECT_THAT(denial.fix, HasSubstr(each.fix));
    EXPECT_THAT(denial.fix, HasSubstr("setcap cap_perfmon+ep"));
  }
}

TEST(PerfAccess, InAContainerTheFixIsTheContainers) {
  PerfFacts facts = user(2);
  facts.in_container = true;
  Denial denial = explain_perf_denial(facts, PerfWish::kKernel, EACCES);
  EXPECT_THAT(denial.fix, HasSubstr("--cap-add PERFMON"));
  EXPECT_THAT(denial.fix, Not(HasSubstr("sysctl")));
}

TEST(PerfAccess, RootWithoutTheCapabilityIsNotToldToBecomeRoot) {
  PerfFacts facts = user(2);
  facts.ours.effective_uid = 0;
  EXPECT_THAT(explain_perf_denial(facts, PerfWish::kKernel, EACCES).fix, Not(HasSubstr("sudo rtprof")));
}

TEST(PerfAccess, SeccompIsNamed) {
  PerfFacts facts = user(2);
  facts.seccomp = true;
  for (int error : {EPERM, ENOSYS}) {
    Denial denial = explain_perf_denial(facts, PerfWish::kUserMode, error);
    EXPECT_THAT(denial.reason, HasSubstr("seccomp"));
    EXPECT_THAT(denial.fix, HasSubstr("seccomp=unconfined"));
  }
  facts.seccomp = false;
  EXPECT_THAT(explain_perf_denial(facts, PerfWish::kUserMode, ENOSYS).reason, HasSubstr("no perf events"));
}

TEST(PerfAccess, LevelsDoNotMatterToTheCapable) {
  Denial denial = explain_perf_denial(capable(4), PerfWish::kKernel, EPERM);
  EXPECT_THAT(denial.reason, HasSubstr("security module"));
}

TEST(PerfAccess, MemoryAndDescriptorsNameTheirLimits) {
  Denial memory = explain_perf_denial(user(2), PerfWish::kRings, EPERM);
  EXPECT_THAT(memory.reason, HasSubstr("kernel.perf_event_mlock_kb is 516"));
  EXPECT_THAT(memory.reason, HasSubstr("8192 KiB"));
  EXPECT_THAT(memory.fix, HasSubstr("kernel.perf_event_mlock_kb="));
  Denial descriptors = explain_perf_denial(user(2), PerfWish::kUserMode, EMFILE);
  EXPECT_THAT(descriptors.reason, HasSubstr("1024"));
  EXPECT_THAT(descriptors.fix, HasSubstr("ulimit -n 4096"));
}

TEST(PerfAccess, FactsOfThisProcess) {
  PerfFacts facts = gather_perf_facts();
  EXPECT_GT(facts.file_limit, 0u);
  EXPECT_GT(max_callchain(), 0u);
}

}  // namespace
}  // namespace rtprof::kernel
