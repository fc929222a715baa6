#include "report/stats_json.h"

#include <fmt/format.h>

#include <iterator>

#include "report/text.h"

namespace rtprof {
namespace {

double seconds(Nanoseconds time) {
  return static_cast<double>(time) / 1e9;
}

double microseconds(Nanoseconds time) {
  return static_cast<double>(time) / 1e3;
}

void append_run(std::string& out, const RunQuality& run) {
  auto to = std::back_inserter(out);
  fmt::format_to(to,
                 R"("pid":{},"runtime":{},"runtime_version":{},"event":"{}","mechanism":"{}","exact":{},)",
                 run.pid, json_string(run.runtime), json_string(run.runtime_version), event_name(run.event),
                 mechanism_name(run.mechanism), run.exact);
  fmt::format_to(to, R"("reason":{},"requested_rate":{},"ticks":{},"asked":{},"samples":{},"late_ticks":{},)",
                 json_string(run.reason), run.requested_rate, run.ticks, run.asked, run.samples,
                 run.late_ticks);
  fmt::format_to(to, R"("torn":{},"errors":{},"lost":{},"unknown_frames":{},"threads":{},"total_weight":{},)",
                 run.torn, run.errors, run.lost, run.unknown_frames, run.threads, run.total_weight);
  const PauseHistogram& pauses = run.pauses;
  fmt::format_to(to, R"("target_cpu_s":{},"pause_us":{{"count":{},"p50":{},"p99":{},"max":{}}})",
                 seconds(run.target_cpu), pauses.count(), microseconds(pauses.percentile(0.5)),
                 microseconds(pauses.percentile(0.99)), microseconds(pauses.max()));
}

}  // namespace

std::string render_stats(const Profile& profile) {
  const RecordingQuality& quality = profile.quality;
  std::string out = fmt::format(
      R"({{"version":"{}","duration_s":{},"profiler_cpu_s":{},"bpf_cpu_s":{},"profiler_max_rss_kb":{},)"
      R"("time_to_first_sample_ms":{},)",
      RTPROF_VERSION, seconds(profile.duration), seconds(quality.profiler_cpu), seconds(quality.bpf_cpu),
      quality.profiler_max_rss_kb, static_cast<double>(quality.time_to_first_sample) / 1e6);
  if (quality.runs.size() == 1) {
    append_run(out, quality.runs[0]);
    out += ',';
  }
  out += R"("runs":[)";
  for (const RunQuality& run : quality.runs) {
    if (&run != &quality.runs.front()) out += ',';
    out += '{';
    append_run(out, run);
    out += '}';
  }
  out += "]}\n";
  return out;
}

}  // namespace rtprof
