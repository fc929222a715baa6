#include "kernel/perf_attributes.h"

#include <asm/perf_regs.h>

#include <algorithm>
#include <ctime>

namespace rtprof::kernel {
namespace {

perf_event_attr common_attributes() {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.disabled = 1;
  attributes.exclude_hv = 1;
  attributes.use_clockid = 1;
  attributes.clockid = CLOCK_MONOTONIC;
  attributes.watermark = 1;
  attributes.sample_id_all = 1;
  attributes.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID |
                           PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD;
  return attributes;
}

constexpr uint64_t bits(int first, int last) {
  uint64_t mask = 0;
  for (int bit = first; bit <= last; ++bit) mask |= uint64_t{1} << bit;
  return mask;
}

}  // namespace

uint64_t user_register_mask() {
  return bits(PERF_REG_X86_AX, PERF_REG_X86_IP) | bits(PERF_REG_X86_R8, PERF_REG_X86_R15);
}

perf_event_attr sampling_attributes(const PerfEventConfig& config) {
  perf_event_attr attributes = common_attributes();
  if (config.clock == PerfClock::kCpuClock) {
    attributes.type = PERF_TYPE_SOFTWARE;
    attributes.config = PERF_COUNT_SW_CPU_CLOCK;
    attributes.sample_period = std::max(config.period, kMinCpuClockPeriod);
  } else if (config.clock == PerfClock::kContextSwitches) {
    attributes.type = PERF_TYPE_SOFTWARE;
    attributes.config = PERF_COUNT_SW_CONTEXT_SWITCHES;
    attributes.sample_period = 1;
  } else {
    attributes.type = PERF_TYPE_HARDWARE;
    attributes.config = PERF_COUNT_HW_REF_CPU_CYCLES;
    attributes.sample_period = std::max<uint64_t>(config.period, 1);
  }
  attributes.exclude_idle = 1;
  attributes.exclude_kernel = config.kernel_mode ? 0 : 1;
  if (config.kernel_callchain || config.user_callchain) attributes.sample_type |= PERF_SAMPLE_CALLCHAIN;
  attributes.exclude_callchain_kernel = config.kernel_callchain && config.kernel_mode ? 0 : 1;
  attributes.exclude_callchain_user = config.user_callchain ? 0 : 1;
  if (config.stack_bytes != 0) {
    attributes.sample_type |= PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
    attributes.sample_regs_user = user_register_mask();
    attributes.sample_stack_user = std::min((config.stack_bytes + 7) / 8 * 8, kMaxStackBytes);
  }
  attributes.inherit = config.inherit == PerfInherit::kNothing ? 0 : 1;
  attributes.inherit_thread = config.inherit == PerfInherit::kThreads ? 1 : 0;
  attributes.context_switch = config.context_switches ? 1 : 0;
  // The kernel counts who wants mappings by `mmap`; `mmap2` is the form of the record.
  attributes.mmap = config.announcements ? 1 : 0;
  attributes.mmap2 = attributes.mmap;
  attributes.comm = attributes.mmap;
  attributes.comm_exec = attributes.mmap;
  attributes.task = attributes.mmap;
  return attributes;
}

perf_event_attr program_output_attributes() {
  perf_event_attr attributes = common_attributes();
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_BPF_OUTPUT;
  attributes.sample_period = 1;
  attributes.sample_type |= PERF_SAMPLE_RAW;
  attributes.disabled = 0;
  return attributes;
}

perf_event_attr ring_attributes(uint32_t wakeup_bytes) {
  perf_event_attr attributes = common_attributes();
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_DUMMY;
  attributes.exclude_kernel = 1;
  attributes.wakeup_watermark = wakeup_bytes;
  return attributes;
}

}  // namespace rtprof::kernel
