#include "report/speedscope.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "common/profile/folded_samples.h"
#include "report/frame_text.h"
#include "report/html.h"
#include "report/text.h"
#include "report/view.h"

namespace rtprof {
namespace {

// One event's samples that the options keep, by thread, in the order of time where times are known.
class Timelines {
 public:
  Timelines(View& view, const Series& series) : view_(view), series_(series) {
    auto count = [&](const Sample& sample) {
      bool kept = view_.compose(event(), sample, frames_);
      if (kept) weights_[sample.thread] += sample.weight;
      return kept;
    };
    const std::vector<Sample>& samples = series.samples();
    if (!series.has_times()) {
      untimed_.emplace(series);
      untimed_->for_each(count);
      return;
    }
    for (uint32_t i = 0; i < samples.size(); ++i) {
      if (count(samples[i])) order_.push_back(i);
    }
    std::stable_sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
      return std::tie(samples[a].thread, samples[a].start) < std::tie(samples[b].thread, samples[b].start);
    });
  }

  Event event() const { return series_.event(); }
  const std::map<uint32_t, int64_t>& weights() const { return weights_; }

  // Calls `use` with the samples of a thread and their frames.
  template <typename Use>
  void of_thread(uint32_t thread, Use use) {
    auto compose = [&](const Sample& sample) {
      if (view_.compose(event(), sample, frames_)) use(sample, frames_);
    };
    if (untimed_) return untimed_->of_thread(thread, compose);
    const std::vector<Sample>& samples = series_.samples();
    auto first = std::lower_bound(order_.begin(), order_.end(), thread,
                                  [&](uint32_t i, uint32_t wanted) { return samples[i].thread < wanted; });
    for (; first != order_.end() && samples[*first].thread == thread; ++first) compose(samples[*first]);
  }

 private:
  View& view_;
  const Series& series_;
  std::vector<uint32_t> order_;           // indices into the samples
  std::optional<FoldedSamples> untimed_;  // instead, where times were given up
  std::map<uint32_t, int64_t> weights_;   // by thread
  std::vector<ShownId> frames_;
};

class Writer {
 public:
  Writer(Sink& out, const Profile& profile, const ReportOptions& options)
      : out_(out), profile_(profile), options_(options), view_(profile, options) {}

  void write(const std::vector<const Series*>& events);

 private:
  void thread_profile(Timelines& timelines, uint32_t thread, int64_t weight);
  std::string name_of(Event event, uint32_t thread) const;
  void frames();

  Sink& out_;
  const Profile& profile_;
  const ReportOptions& options_;
  View view_;
};

std::string Writer::name_of(Event event, uint32_t thread) const {
  const ProfiledThread& known = profile_.threads()[thread];
  std::string process = profile_.processes.size() > 1 ? process_text(profile_, known.pid) + ", " : "";
  return fmt::format("{}: {}{}", event_name(event), process, thread_text(known));
}

void Writer::thread_profile(Timelines& timelines, uint32_t thread, int64_t weight) {
  out_.print(R"({{"type":"sampled","name":{},"unit":"{}","startValue":0,"endValue":{},"samples":[)",
             json_string(name_of(timelines.event(), thread)),
             is_time_event(timelines.event()) ? "nanoseconds" : "bytes", weight);
  const char* separator = "";
  timelines.of_thread(thread, [&](const Sample&, const std::vector<ShownId>& frames) {
    out_.print("{}[{}]", std::exchange(separator, ","), fmt::join(frames, ","));
  });
  out_.write("],\"weights\":[");
  separator = "";
  timelines.of_thread(thread, [&](const Sample& sample, const std::vector<ShownId>&) {
    out_.print("{}{}", std::exchange(separator, ","), sample.weight);
  });
  out_.write("]}");
}

// A frame that has a file of its own gives it apart from its name, as the format wants it.
void Writer::frames() {
  for (ShownId id = 0; id < view_.shown_count(); ++id) {
    const ShownFrame& shown = view_.shown(id);
    if (id > 0) out_.write(",\n");
    bool has_file = shown.kind == ShownKind::kPython && shown.frame != kNoFrame;
    if (!has_file) {
      out_.print("{{\"name\":{}}}", json_string(shown.text));
      continue;
    }
    const Frame& frame = profile_.frame(shown.frame);
    out_.print(R"({{"name":{},"file":{})", json_string(function_name(profile_, frame)),
               json_string(file_name(profile_, frame, options_)));
    if (options_.lines.value_or(true) && frame.line > 0) out_.print(",\"line\":{}", frame.line);
    out_.write("}");
  }
}

void Writer::write(const std::vector<const Series*>& events) {
  std::deque<Timelines> timelines;
  size_t count = 0;
  size_t heaviest = 0;
  int64_t heaviest_weight = -1;
  for (const Series* series : events) {
    for (auto [thread, weight] : timelines.emplace_back(view_, *series).weights()) {
      if (weight > heaviest_weight) {
        heaviest_weight = weight;
        heaviest = count;
      }
      ++count;
    }
  }
  std::string title = options_.title.empty() ? default_title(profile_, events, options_) : options_.title;
  out_.print(
      "{{\"$schema\":\"https://www.speedscope.app/"
      "file-format-schema.json\",\"exporter\":\"rtprof@{}\",\"name\":{},"
      "\"activeProfileIndex\":{},\n\"shared\":{{\"frames\":[",
      RTPROF_VERSION, json_string(title), heaviest);
  frames();
  out_.write("]},\n\"profiles\":[");
  const char* separator = "";
  for (Timelines& each : timelines) {
    for (auto [thread, weight] : each.weights()) {
      out_.write(std::exchange(separator, ",\n"));
      thread_profile(each, thread, weight);
    }
  }
  out_.write("]}\n");
}

}  // namespace

void write_speedscope(Sink& out, const Profile& profile, const std::vector<const Series*>& events,
                      const ReportOptions& options) {
  Writer(out, profile, options).write(events);
}

}  // namespace rtprof
