#include "cli/recording.h"

#include <fmt/core.h>

#include <cstdlib>
#include <string_view>

#include "cli/registry.h"
#include "common/base/error.h"
#include "common/base/file.h"

namespace rtprof::cli {
namespace {

TimePoint program_start = 0;

constexpr Nanoseconds kRefreshPeriod = 100 * kMillisecond;

// The largest resident set so far. What getrusage() tells may be that of the program which started this one.
uint64_t own_peak_memory_kb() {
  auto status = read_file("/proc/self/status");
  constexpr std::string_view kPeak = "VmHWM:";
  size_t at = status ? status->find(kPeak) : std::string::npos;
  return at == std::string::npos ? 0 : std::strtoull(status->c_str() + at + kPeak.size(), nullptr, 10);
}

}  // namespace

void note_program_start() {
  program_start = monotonic_now();
}

Recording::Recording(const SamplingPlan& plan, bool subprocesses)
    : plan_(plan),
      subprocesses_(subprocesses),
      start_(monotonic_now()),
      start_unix_(wall_clock_now()),
      services_(plan_),
      session_(services_.recorder()) {}

bool Recording::attach(Process opened, const SamplingPlan& plan) {
  auto match = find_runtime(opened);
  if (!match) return false;
  Process& process = processes_.emplace_back(std::move(opened));
  try {
    session_.add(match->runtime->open(process, plan, services_));
  } catch (const Error&) {
    processes_.pop_back();
    throw;
  }
  return true;
}

void Recording::add(pid_t pid) {
  Process process = Process::open(pid);
  std::string command = process.command();
  bool taken = attach(std::move(process), plan_);
  if (!taken && !subprocesses_) throw no_runtime_error(pid, command);
  if (!subprocesses_) return;
  tree_.add_root(pid, taken);
  tree_.scan([this](const Process& child) { return offer(child); });
}

bool Recording::offer(const Process& process) {
  auto again = Process::try_open(process.pid());
  if (!again) return false;
  SamplingPlan plan = plan_;
  plan.patience = 0;  // the others are sampled meanwhile
  try {
    return attach(std::move(*again), plan);
  } catch (const Error&) {
    return false;
  }
}

void Recording::run(Nanoseconds duration, const std::atomic<bool>& stop,
                    const std::function<void()>& refresh) {
  // With many threads attaching takes a while, and is not part of what was recorded.
  start_ = session_.since();
  start_unix_ = wall_clock_now() - (monotonic_now() - start_);
  session_.run(duration == 0 ? 0 : start_ + duration, stop, kRefreshPeriod, [&] {
    if (subprocesses_) tree_.scan([this](const Process& child) { return offer(child); });
    refresh();
    return tree_.any_alive();
  });
}

uint64_t Recording::samples() const {
  uint64_t samples = 0;
  for (const RunQuality& run : session_.quality()) samples += run.samples;
  return samples;
}

bool Recording::all_ended() const {
  for (const Process& process : processes_) {
    if (process.alive() && !process.has_execed()) return false;
  }
  return true;
}

void Recording::complete(Profile& profile) {
  profile.start = start_;
  profile.start_unix_ns = start_unix_;
  profile.duration = monotonic_now() - start_;
  profile.rate = plan_.rate;
  for (Event event : plan_.events)
    profile.series(event);  // an event of which nothing was seen is empty, not absent
  profile.processes.clear();
  for (const Process& process : processes_) profile.processes.push_back({process.pid(), process.command()});
  RecordingQuality& quality = profile.quality;
  quality.profiler_cpu = own_cpu_time();
  quality.bpf_cpu = services_.bpf_cpu_time();
  quality.profiler_max_rss_kb = own_peak_memory_kb();
  TimePoint first = services_.recorder().first_sample();
  quality.time_to_first_sample = first == 0 ? 0 : first - program_start;
  quality.runs = session_.quality();
}

}  // namespace rtprof::cli
