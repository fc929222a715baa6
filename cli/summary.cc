#include "cli/summary.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/registry.h"
#include "common/base/error.h"
#include "common/profile/folded_samples.h"
#include "report/units.h"
#include "report/view.h"

namespace rtprof::cli {
namespace {

double seconds(Nanoseconds time) {
  return static_cast<double>(time) / 1e9;
}
double milliseconds(Nanoseconds time) {
  return static_cast<double>(time) / 1e6;
}

std::string run_line(const RunQuality& run, bool live) {
  std::string target = run.pid == 0 ? "the machine" : fmt::format("process {}", run.pid);
  std::string line =
      fmt::format("  {} of {} ({}) by {}", event_name(run.event), target,
                  runtime_title(run.runtime, run.runtime_version), mechanism_name(run.mechanism));
  if (!run.exact) line += ", approximate: stacks can be wrong";
  if (!run.reason.empty()) line += fmt::format(" ({})", run.reason);
  if (run.event == Event::kAlloc) {
    line += fmt::format("\n    {} samples of {} threads, {} {}\n", run.samples, run.threads,
                        weight_text(run.event, run.total_weight), live ? "alive" : "allocated");
  } else if (run.event == Event::kOffCpu || run.event == Event::kLock) {
    line += fmt::format("\n    {} waits of {} threads, {:.2f} s\n", run.samples, run.threads,
                        seconds(run.total_weight));
  } else {
    line += fmt::format("\n    {} samples of {} asked at {:g} Hz, {} threads, {:.2f} s weighed\n",
                        run.samples, run.asked, run.requested_rate, run.threads, seconds(run.total_weight));
  }
  if (run.late_ticks + run.lost + run.errors + run.torn + run.unknown_frames != 0) {
    line += fmt::format("    {} late, {} lost, {} failed, {} torn, {} unknown\n", run.late_ticks, run.lost,
                        run.errors, run.torn, run.unknown_frames);
  }
  if (run.pauses.count() != 0) {
    line += fmt::format("    {} pauses: {:.0f} µs median, {:.0f} µs p99, {:.0f} µs longest\n",
                        run.pauses.count(), static_cast<double>(run.pauses.percentile(0.5)) / 1e3,
                        static_cast<double>(run.pauses.percentile(0.99)) / 1e3,
                        static_cast<double>(run.pauses.max()) / 1e3);
  }
  return line;
}

int64_t recorded_weight(const Profile& profile, Event event) {
  int64_t weight = 0;
  for (const RunQuality& run : profile.quality.runs) {
    if (run.event == event) weight += run.total_weight;
  }
  return weight;
}

std::string nothing_recorded(Event event, bool gil_only, bool live, bool native) {
  if (gil_only)
    return "no thread held the GIL while it was recorded; leave --gil out to see what ran without it";
  if (event == Event::kCpu) {
    return fmt::format("no CPU was used while it was recorded; {} shows where threads wait",
                       native ? "rtprof dump" : "-e wall");
  }
  if (event == Event::kOffCpu)
    return "no thread waited while it was recorded, or none for as long as asked for";
  if (event == Event::kAlloc)
    return live ? "nothing that was allocated is known to have survived a collection; --as-of now shows what "
                  "none has "
                  "looked at, and jcmd PID GC.run makes one"
                : "nothing was allocated while it was recorded, or too little for a sample: --alloc-interval";
  if (event == Event::kLock) return "no thread waited for a lock for as long as --lock-threshold says";
  return fmt::format("nothing was recorded of {}", event_name(event));
}

bool all_native(const Profile& profile) {
  return std::ranges::all_of(profile.quality.runs,
                             [](const RunQuality& run) { return run.runtime == "native"; });
}

bool of_jvm(const RunQuality& run) {
  return run.runtime == "jvm";
}

bool anything_shown(const Profile& profile, Event event, const ReportOptions& report) {
  View view(profile, report);
  bool any = false;
  for (const Series& series : profile.all_series()) {
    if (series.event() != event) continue;
    FoldedSamples(series).for_each([&](const Sample& sample) { any = any || view.keeps(event, sample); });
  }
  return any;
}

}  // namespace

std::string summary_text(const Profile& profile, const std::vector<std::string>& written) {
  const RecordingQuality& quality = profile.quality;
  std::string text = fmt::format("recorded {:.1f} s\n", seconds(profile.duration));
  constexpr size_t kRunsShown = 4;
  for (size_t i = 0; i < std::min(quality.runs.size(), kRunsShown); ++i)
    text += run_line(quality.runs[i], profile.live);
  if (quality.runs.size() > kRunsShown) {
    text += fmt::format("  and {} more, see --stats\n", quality.runs.size() - kRunsShown);
  }
  text += fmt::format("  rtprof itself: {:.0f} ms CPU, {:.1f} ms in the kernel's BPF programs, {} MiB\n",
                      milliseconds(quality.profiler_cpu), milliseconds(quality.bpf_cpu),
                      quality.profiler_max_rss_kb / 1024);
  for (const std::string& path : written) {
    if (path != "-") text += fmt::format("wrote {}\n", path);
  }
  return text;
}

void require_samples(const Profile& profile, const SamplingPlan& plan) {
  // Fewer periods than this can pass between two ticks of a thread, or in threads that have only begun.
  constexpr Nanoseconds kPeriods = 10;
  for (const RunQuality& run : profile.quality.runs) {
    bool expected = run.event == Event::kCpu && !plan.gil_only && run.threads != 0 &&
                    run.target_cpu > kPeriods * plan.period() * static_cast<Nanoseconds>(run.threads);
    if (!expected || run.samples != 0) continue;
    throw Error(ExitCode::kFailed,
                fmt::format("process {} used {:.2f} s of CPU, but the {} mechanism delivered no sample",
                            run.pid, seconds(run.target_cpu), mechanism_name(run.mechanism)),
                "rtprof doctor shows what this machine allows; --mechanism chooses another way");
  }
}

std::vector<std::string> warnings_about(const Profile& profile, const SamplingPlan& plan,
                                        const ReportOptions& report) {
  std::vector<std::string> warnings;
  for (Event event : plan.events) {
    if (recorded_weight(profile, event) == 0) {
      warnings.push_back(nothing_recorded(event, plan.gil_only, plan.live, all_native(profile)));
    } else if (!anything_shown(profile, event, report)) {
      warnings.push_back(fmt::format("-I and -X leave nothing of the {} profile", event_name(event)));
    }
  }
  bool has_jvm = std::ranges::any_of(profile.quality.runs, of_jvm);
  for (auto [is_set, option] :
       {std::pair{plan.jit_marks, "--jit-marks"}, std::pair{plan.signatures, "--signatures"}}) {
    if (is_set && !has_jvm) {
      warnings.push_back(fmt::format("{} is about the JVM, and none was recorded", option));
    }
  }
  return warnings;
}

}  // namespace rtprof::cli
