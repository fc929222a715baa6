#pragma once

#include <cstdint>

namespace rtprof {

// Nanoseconds. Times are of CLOCK_MONOTONIC, which perf events and BPF (bpf_ktime_get_ns) use too.
using Nanoseconds = int64_t;
using TimePoint = int64_t;

constexpr Nanoseconds kMicrosecond = 1'000;
constexpr Nanoseconds kMillisecond = 1'000'000;
constexpr Nanoseconds kSecond = 1'000'000'000;

TimePoint monotonic_now();

// Nanoseconds since the epoch, for what is written into files.
TimePoint wall_clock_now();

// CPU time of this process, all threads, user and system.
Nanoseconds own_cpu_time();

}  // namespace rtprof
