#include "kernel/perf_attributes.h"

#include <gtest/gtest.h>

#include <bit>
#include <ctime>

namespace rtprof::kernel {
namespace {

TEST(PerfAttributes, CpuClockTicksAtAFixedPeriod) {
  auto attributes = sampling_attributes({.period = 1'001'001});
  EXPECT_EQ(attributes.type, PERF_TYPE_SOFTWARE);
  EXPECT_EQ(attributes.config, PERF_COUNT_SW_CPU_CLOCK);
  EXPECT_EQ(attributes.freq, 0u);
  EXPECT_EQ(attributes.sample_period, 1'001'001u);
  EXPECT_EQ(attributes.disabled, 1u);
  EXPECT_EQ(attributes.exclude_idle, 1u);
}

TEST(PerfAttributes, CpuClockIsNoFasterThanTheKernels) {
  EXPECT_EQ(sampling_attributes({.period = 1}).sample_period, kMinCpuClockPeriod);
}

TEST(PerfAttributes, ReferenceCyclesTickAtAFixedNumber) {
  auto attributes = sampling_attributes({.clock = PerfClock::kReferenceCycles, .period = 2'500'000});
  EXPECT_EQ(attributes.type, PERF_TYPE_HARDWARE);
  EXPECT_EQ(attributes.config, PERF_COUNT_HW_REF_CPU_CYCLES);
  EXPECT_EQ(attributes.sample_period, 2'500'000u);
  EXPECT_EQ(attributes.freq, 0u);
}

TEST(PerfAttributes, ContextSwitchesTickEachTime) {
  auto attributes = sampling_attributes(
      {.clock = PerfClock::kContextSwitches, .period = 1'001'001, .context_switches = true});
  EXPECT_EQ(attributes.type, PERF_TYPE_SOFTWARE);
  EXPECT_EQ(attributes.config, PERF_COUNT_SW_CONTEXT_SWITCHES);
  EXPECT_EQ(attributes.sample_period, 1u);
  EXPECT_EQ(attributes.context_switch, 1u);
}

TEST(PerfAttributes, AnnouncementsCanBeLeftOut) {
  EXPECT_EQ(sampling_attributes({}).task, 1u);
  auto without = sampling_attributes({.announcements = false});
  EXPECT_EQ(without.task + without.mmap + without.mmap2 + without.comm + without.comm_exec, 0u);
}

TEST(PerfAttributes, TimesAreMonotonicAndOnEveryRecord) {
  for (const auto& attributes : {sampling_attributes({}), ring_attributes(4096)}) {
    EXPECT_EQ(attributes.use_clockid, 1u);
    EXPECT_EQ(attributes.clockid, CLOCK_MONOTONIC);
    EXPECT_EQ(attributes.sample_id_all, 1u);
    EXPECT_EQ(attributes.watermark, 1u);
  }
  EXPECT_EQ(ring_attributes(4096).wakeup_watermark, 4096u);
}

TEST(PerfAttributes, StacksAreCopiedOnRequestOnly) {
  auto without = sampling_attributes({});
  EXPECT_EQ(without.sample_type & (PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER), 0u);
  EXPECT_EQ(without.sample_regs_user, 0u);
  auto with = sampling_attributes({.stack_bytes = 16384});
  EXPECT_EQ(with.sample_type & (PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER),
            PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER);
  EXPECT_EQ(with.sample_stack_user, 16384u);
  // General registers and the instruction pointer; the kernel refuses segment registers.
  EXPECT_EQ(std::popcount(with.sample_regs_user), 17);
}

TEST(PerfAttributes, StackSizesAreThoseThatTheKernelTakes) {
  EXPECT_EQ(sampling_attributes({.stack_bytes = 1001}).sample_stack_user, 1008u);
  EXPECT_EQ(sampling_attributes({.stack_bytes = 65536}).sample_stack_user, kMaxStackBytes);
  EXPECT_EQ(kMaxStackBytes % 8, 0u);
  EXPECT_LT(kMaxStackBytes, 65535u);
}

TEST(PerfAttributes, Callchains) {
  auto both = sampling_attributes({});
  EXPECT_NE(both.sample_type & PERF_SAMPLE_CALLCHAIN, 0u);
  EXPECT_EQ(both.exclude_callchain_kernel, 0u);
  EXPECT_EQ(both.exclude_callchain_user, 0u);
  auto user = sampling_attributes({.kernel_callchain = false});
  EXPECT_EQ(user.exclude_kernel, 0u);
  EXPECT_EQ(user.exclude_callchain_kernel, 1u);
  auto none = sampling_attributes({.kernel_callchain = false, .user_callchain = false});
  EXPECT_EQ(none.sample_type & PERF_SAMPLE_CALLCHAIN, 0u);
  // Without the privilege to see the kernel, its callchain may not be asked for either.
  auto unprivileged = sampling_attributes({.kernel_mode = false});
  EXPECT_EQ(unprivileged.exclude_kernel, 1u);
  EXPECT_EQ(unprivileged.exclude_callchain_kernel, 1u);
}

TEST(PerfAttributes, Inheritance) {
  EXPECT_EQ(sampling_attributes({}).inherit, 0u);
  auto threads = sampling_attributes({.inherit = PerfInherit::kThreads});
  EXPECT_EQ(threads.inherit, 1u);
  EXPECT_EQ(threads.inherit_thread, 1u);
  auto processes = sampling_attributes({.inherit = PerfInherit::kThreadsAndProcesses});
  EXPECT_EQ(processes.inherit, 1u);
  EXPECT_EQ(processes.inherit_thread, 0u);
}

TEST(PerfAttributes, WhatHappensBesidesIsTold) {
  auto attributes = sampling_attributes({});
  EXPECT_EQ(attributes.mmap, 1u);
  EXPECT_EQ(attributes.mmap2, 1u);
  EXPECT_EQ(attributes.comm, 1u);
  EXPECT_EQ(attributes.comm_exec, 1u);
  EXPECT_EQ(attributes.task, 1u);
  EXPECT_EQ(attributes.context_switch, 0u);
  EXPECT_EQ(sampling_attributes({.context_switches = true}).context_switch, 1u);
  auto ring = ring_attributes(4096);
  EXPECT_EQ(ring.mmap | ring.comm | ring.task | ring.context_switch, 0u);
}

}  // namespace
}  // namespace rtprof::kernel
