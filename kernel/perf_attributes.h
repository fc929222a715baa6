#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>

namespace rtprof::kernel {

// What makes an event tick.
enum class PerfClock : uint8_t {
  // The kernel's timer, in nanoseconds that the thread (or the CPU) runs. Exists everywhere.
  kCpuClock,
  // The processor's unhalted cycles at the rate of its time-stamp counter, so that a number of them is a
  // time,
  // whatever the frequency is. It interrupts the kernel where the timer cannot: with interrupts off.
  kReferenceCycles,
  // The thread leaves its CPU; the sample is of that moment. Only where the kernel may be sampled, since that
  // is
  // where it leaves.
  kContextSwitches,
};

// Whom an event follows of those that its thread creates.
enum class PerfInherit : uint8_t { kNothing, kThreads, kThreadsAndProcesses };

// A sampling event, before the kernel has been asked for it.
struct PerfEventConfig {
  PerfClock clock = PerfClock::kCpuClock;
  uint64_t period = 0;  // in units of the clock; fixed, so that every sample stands for the same time
  PerfInherit inherit = PerfInherit::kNothing;
  bool kernel_mode = true;  // false: what runs in the kernel is not sampled
  bool kernel_callchain = true;
  bool user_callchain = true;
  uint32_t stack_bytes = 0;       // of the user stack to copy, with the registers; 0: neither
  bool context_switches = false;  // records of them
  bool announcements = true;      // mappings of code, names, creations and ends of threads are told, too
};

// The most that the kernel copies of a stack: less than 64 KiB, in words.
constexpr uint32_t kMaxStackBytes = 65528;
// The shortest period that the kernel's cpu-clock has, nanoseconds.
constexpr uint64_t kMinCpuClockPeriod = 10'000;

// Disabled when opened. Records carry what perf_records.h expects. `stack_bytes` is rounded to what the
// kernel takes.
perf_event_attr sampling_attributes(const PerfEventConfig& config);

// An event that counts nothing and tells nothing, to own a ring that others write to: the kernel wants the
// same clock of all of them. Wakes its readers each time `wakeup_bytes` more have been written.
perf_event_attr ring_attributes(uint32_t wakeup_bytes);

// An event that writes what a BPF program outputs, as samples with PERF_SAMPLE_RAW. Enabled when opened.
perf_event_attr program_output_attributes();

// PERF_SAMPLE_REGS_USER: the general registers and the instruction pointer, asm/perf_regs.h.
uint64_t user_register_mask();

}  // namespace rtprof::kernel
