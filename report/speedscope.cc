#include "report/speedscope.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "report/frame_text.h"
#include "report/html.h"
#include "report/text.h"
#include "report/view.h"

namespace rtprof {
namespace {

struct ThreadSamples {
  std::vector<Sample> samples;
  int64_t weight = 0;
};

class Writer {
 public:
  Writer(const Profile& profile, const ReportOptions& options)
      : profile_(profile), options_(options), view_(profile, options) {}

  std::string write(const std::vector<const Series*>& events);

 private:
  void threads_of(const Series& series);
  void thread_profile(const Series& series, uint32_t thread, ThreadSamples& of_thread);
  std::string name_of(Event event, uint32_t thread) const;
  std::string frames() const;

  const Profile& profile_;
  const ReportOptions& options_;
  View view_;
  std::string profiles_;
  size_t count_ = 0;
  size_t heaviest_ = 0;
  int64_t heaviest_weight_ = -1;
};

std::string Writer::name_of(Event event, uint32_t thread) const {
  const ProfiledThread& known = profile_.threads()[thread];
  std::string process = profile_.processes.size() > 1 ? process_text(profile_, known.pid) + ", " : "";
  return fmt::format("{}: {}{}", event_name(event), process, thread_text(known));
}

void Writer::thread_profile(const Series& series, uint32_t thread, ThreadSamples& of_thread) {
  std::stable_sort(of_thread.samples.begin(), of_thread.samples.end(),
                   [](const Sample& a, const Sample& b) { return a.start < b.start; });
  if (of_thread.weight > heaviest_weight_) {
    heaviest_weight_ = of_thread.weight;
    heaviest_ = count_;
  }
  if (count_++ > 0) profiles_ += ",\n";
  auto to = std::back_inserter(profiles_);
  fmt::format_to(to, R"({{"type":"sampled","name":{},"unit":"{}","startValue":0,"endValue":{},"samples":[)",
                 json_string(name_of(series.event(), thread)),
                 is_time_event(series.event()) ? "nanoseconds" : "bytes", of_thread.weight);
  std::vector<ShownId> frames;
  for (const Sample& sample : of_thread.samples) {
    view_.compose(series.event(), sample, frames);
    fmt::format_to(to, "{}[{}]", &sample == &of_thread.samples.front() ? "" : ",", fmt::join(frames, ","));
  }
  profiles_ += "],\"weights\":[";
  for (const Sample& sample : of_thread.samples) {
    fmt::format_to(to, "{}{}", &sample == &of_thread.samples.front() ? "" : ",", sample.weight);
  }
  profiles_ += "]}";
}

void Writer::threads_of(const Series& series) {
  std::map<uint32_t, ThreadSamples> threads;
  std::vector<ShownId> composed;
  for (const Sample& sample : series.samples()) {
    if (!view_.compose(series.event(), sample, composed)) continue;
    threads[sample.thread].samples.push_back(sample);
    threads[sample.thread].weight += sample.weight;
  }
  for (auto& [thread, of_thread] : threads) thread_profile(series, thread, of_thread);
}

// A frame that has a file of its own gives it apart from its name, as the format wants it.
std::string Writer::frames() const {
  std::string out;
  for (ShownId id = 0; id < view_.shown_count(); ++id) {
    const ShownFrame& shown = view_.shown(id);
    if (id > 0) out += ",\n";
    bool has_file = shown.kind == ShownKind::kPython && shown.frame != kNoFrame;
    if (!has_file) {
      fmt::format_to(std::back_inserter(out), "{{\"name\":{}}}", json_string(shown.text));
      continue;
    }
    const Frame& frame = profile_.frame(shown.frame);
    fmt::format_to(std::back_inserter(out), R"({{"name":{},"file":{})",
                   json_string(function_name(profile_, frame)),
                   json_string(file_name(profile_, frame, options_)));
    if (options_.lines.value_or(true) && frame.line > 0) {
      fmt::format_to(std::back_inserter(out), ",\"line\":{}", frame.line);
    }
    out += '}';
  }
  return out;
}

std::string Writer::write(const std::vector<const Series*>& events) {
  for (const Series* series : events) threads_of(*series);
  std::string title = options_.title.empty() ? default_title(profile_, events, options_) : options_.title;
  return fmt::format(
      "{{\"$schema\":\"https://www.speedscope.app/"
      "file-format-schema.json\",\"exporter\":\"rtprof@{}\",\"name\":{},"
      "\"activeProfileIndex\":{},\n\"shared\":{{\"frames\":[{}]}},\n\"profiles\":[{}]}}\n",
      RTPROF_VERSION, json_string(title), heaviest_, frames(), profiles_);
}

}  // namespace

std::string render_speedscope(const Profile& profile, const std::vector<const Series*>& events,
                              const ReportOptions& options) {
  return Writer(profile, options).write(events);
}

}  // namespace rtprof
