#include "cli/recording.h"

#include <fmt/core.h>

#include <cstdlib>
#include <string_view>
#include <utility>

#include "cli/registry.h"
#include "common/base/error.h"
#include "common/base/file.h"
#include "kernel/elapsed_time.h"
#include "native/runtime.h"

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

// What an agent in the target tells of.
bool is_agent_event(Event event) {
  return event == Event::kAlloc || event == Event::kLock;
}

}  // namespace

void note_program_start() {
  program_start = monotonic_now();
}

Recording::Recording(const SamplingPlan& plan, bool subprocesses, bool quiet)
    : plan_(plan),
      subprocesses_(subprocesses),

      start_(monotonic_now()),
      start_unix_(wall_clock_now()),
      services_(plan_, quiet),
      session_(services_.recorder()) {}

bool Recording::attach(Process opened, const SamplingPlan& plan, Scope scope) {
  auto match = scope == Scope::kAnyCode ? find_target(opened) : find_runtime(opened);
  if (!match) return false;
  SamplingPlan possible = plan;
  if (match->runtime->agent_denial == nullptr) std::erase_if(possible.events, is_agent_event);
  if (possible.events.size() != plan.events.size() && !subprocesses_) {
    throw Error(ExitCode::kUsage,
                fmt::format("{} of {} cannot be recorded",
                            plan.has(Event::kAlloc) ? "allocations" : "waits for locks",
                            runtime_title(match->runtime->name, match->detection.version)),
                "-e alloc and -e lock are for JVMs; -e wall and -e offcpu show waits of all");
  }
  if (possible.events.empty()) return false;
  Process& process = processes_.emplace_back(std::move(opened));
  try {
    session_.add(match->runtime->open(process, possible, services_));
  } catch (const Error&) {
    processes_.pop_back();
    throw;
  }
  services_.recorder().process(process.pid(), process.command());
  return true;
}

void Recording::add(pid_t pid) {
  require_target(Process::open(pid));
  bool taken = attach(Process::open(pid), plan_, subprocesses_ ? Scope::kRuntimes : Scope::kAnyCode);
  if (!subprocesses_) return;
  size_t before = processes_.size();
  tree_.add_root(pid, taken);
  tree_.scan([this](const Process& child) { return offer(child); });
  if (taken || processes_.size() != before) return;
  scope_ = Scope::kAnyCode;
  tree_.scan([this](const Process& child) { return offer(child); });
}

void Recording::begin_as_native(pid_t pid) {
  if (kernel::ElapsedTime::wanted(plan_) || plan_.has(Event::kAlloc) || plan_.has(Event::kLock) ||
      plan_.mechanism || subprocesses_)
    return;
  auto process = Process::try_open(pid);
  if (!process) return;
  processes_.push_back(std::move(*process));
  try {
    as_native_ = native_runtime().open(processes_.back(), plan_, services_);
  } catch (const Error&) {
    processes_.pop_back();
  }
}

bool Recording::end_as_native(bool is_native) {
  if (!as_native_) return false;
  Process& process = processes_.back();
  if (is_native && process.alive() && !process.has_execed()) {
    session_.add(std::move(as_native_));
    services_.recorder().process(process.pid(), process.command());
    return true;
  }
  as_native_.reset();
  processes_.pop_back();
  return false;
}

void Recording::add_machine() {
  session_.add(open_machine(plan_, services_));
}

bool Recording::offer(const Process& process) {
  auto again = Process::try_open(process.pid());
  if (!again) return false;
  SamplingPlan plan = plan_;
  plan.patience = 0;  // the others are sampled meanwhile
  try {
    return attach(std::move(*again), plan, scope_);
  } catch (const Error&) {
    return false;
  }
}

// Looks whether the followed process has become another program. False when it has ended. A runtime takes a
// while to come up, which one period of looking is enough for.
bool Recording::rejoin() {
  if (followed_ == 0 || session_.any_live()) return followed_ != 0;
  auto process = Process::try_open(followed_);
  if (!process || !process->alive()) return false;
  Scope scope = std::exchange(has_execed_, true) ? Scope::kAnyCode : Scope::kRuntimes;
  try {
    if (attach(std::move(*process), plan_, scope)) has_execed_ = false;
  } catch (const Error&) {
    // The runtime is not up yet.
  }
  return true;
}

void Recording::run(Nanoseconds duration, const std::atomic<bool>& stop,
                    const std::function<void()>& refresh) {
  // With many threads attaching takes a while, and is not part of what was recorded.
  start_ = session_.since();
  start_unix_ = wall_clock_now() - (monotonic_now() - start_);
  session_.run(duration == 0 ? 0 : start_ + duration, stop, kRefreshPeriod, [&] {
    if (subprocesses_) tree_.scan([this](const Process& child) { return offer(child); });
    refresh();
    bool goes_on = rejoin();
    return tree_.any_alive() || goes_on;
  });
}

uint64_t Recording::samples() const {
  uint64_t samples = 0;
  for (const RunQuality& run : session_.quality()) samples += run.samples;
  return samples;
}

void Recording::complete(Profile& profile) {
  profile.start = start_;
  profile.start_unix_ns = start_unix_;
  profile.duration = monotonic_now() - start_;
  bool clocked = plan_.has(Event::kCpu) || plan_.has(Event::kWall);
  profile.live = plan_.live;
  profile.rate = clocked ? plan_.rate : 0;
  for (Event event : plan_.events)
    profile.series(event);  // an event of which nothing was seen is empty, not absent
  RecordingQuality& quality = profile.quality;
  quality.profiler_cpu = own_cpu_time();
  quality.bpf_cpu = services_.bpf_cpu_time();
  quality.profiler_max_rss_kb = own_peak_memory_kb();
  TimePoint first = services_.recorder().first_sample();
  quality.time_to_first_sample = first == 0 ? 0 : first - program_start;
  quality.runs = session_.quality();
}

}  // namespace rtprof::cli
