#include <fmt/format.h>

#include <string>
#include <utility>

#include "common/profile/folded_samples.h"
#include "report/frame_text.h"
#include "report/html.h"
#include "report/numbering.h"
#include "report/palette.h"
#include "report/text.h"
#include "report/view.h"

namespace rtprof {
namespace {

// Writes what the page needs and no more: stacks, frames and strings that no sample uses stay behind.
class PageData {
 public:
  PageData(const Profile& profile, const ReportOptions& options)
      : profile_(profile), options_(options), view_(profile, options) {
    no_lines_ = options;
    no_lines_.lines = false;
    string("");
    stacks_(0);
  }

  void write(Sink& out, const std::vector<const Series*>& events);

 private:
  void event(Sink& out, const Series& series);
  std::string runs(Event event) const;
  std::string switches() const;
  void stacks(Sink& out);
  void frames(Sink& out);
  void threads(Sink& out);
  void strings(Sink& out) const;

  uint32_t string(const std::string& text) { return strings_(text); }
  uint32_t stack(StackId id);
  template <typename Items, typename Value>
  static void column(Sink& out, std::string_view name, const Items& items, Value value);

  const Profile& profile_;
  const ReportOptions& options_;
  ReportOptions no_lines_;
  View view_;
  Numbering<std::string> strings_;
  IdNumbering stacks_;
  IdNumbering frames_;
  IdNumbering threads_;
};

template <typename Items, typename Value>
void PageData::column(Sink& out, std::string_view name, const Items& items, Value value) {
  out.print("\"{}\":[", name);
  const char* separator = "";
  for (const auto& item : items) out.print("{}{}", std::exchange(separator, ","), value(item));
  out.write("]");
}

// Callers are numbered before what they call.
uint32_t PageData::stack(StackId id) {
  std::vector<StackId> missing;
  for (StackId at = id; !stacks_.contains(at); at = profile_.stack(at).parent) missing.push_back(at);
  for (auto at = missing.rbegin(); at != missing.rend(); ++at) stacks_(*at);
  return stacks_(id);
}

void PageData::event(Sink& out, const Series& series) {
  FoldedSamples samples(series);
  auto for_each_kept = [&](auto use) {
    samples.for_each([&](const Sample& sample) {
      if (view_.keeps(series.event(), sample)) use(sample);
    });
  };
  uint64_t total = 0;
  for_each_kept([&](const Sample& sample) { total += sample.count; });
  out.print(R"({{"name":"{}","unit":"{}","samples":{},"resolution":{},"runs":{})", event_name(series.event()),
            is_time_event(series.event()) ? "ns" : "bytes", total, series.resolution(), runs(series.event()));
  // A pass for each column, since to hold what they say would take more than the samples themselves.
  auto column_of = [&](std::string_view name, auto value) {
    out.print(",\"{}\":[", name);
    const char* separator = "";
    for_each_kept([&](const Sample& s) { out.print("{}{}", std::exchange(separator, ","), value(s)); });
    out.write("]");
  };
  column_of("thread", [&](const Sample& s) { return threads_(s.thread); });
  column_of("reason", [&](const Sample& s) { return string(std::string(reason_name(s.reason))); });
  column_of("stack", [&](const Sample& s) { return stack(s.stack); });
  column_of("count", [](const Sample& s) { return s.count; });
  column_of("weight", [](const Sample& s) { return s.weight; });
  out.write("}");
}

std::string PageData::runs(Event event) const {
  std::string out;
  for (const RunQuality& run : profile_.quality.runs) {
    if (run.event != event || (options_.pid && run.pid != *options_.pid)) continue;
    fmt::format_to(
        std::back_inserter(out),
        R"({}{{"pid":{},"runtime":{},"mechanism":"{}","exact":{},"reason":{},"asked":{},"samples":{},)"
        R"("late":{},"torn":{},"errors":{},"lost":{},"unknown":{}}})",
        out.empty() ? "" : ",", run.pid, json_string(fmt::format("{} {}", run.runtime, run.runtime_version)),
        mechanism_name(run.mechanism), run.exact, json_string(run.reason), run.asked, run.samples,
        run.late_ticks, run.torn, run.errors, run.lost, run.unknown_frames);
  }
  return "[" + out + "]";
}

std::string PageData::switches() const {
  std::string_view lines = !options_.lines ? "\"python\"" : *options_.lines ? "true" : "false";
  return fmt::format(R"({{"processes":{},"threads":{},"reasons":{},"lines":{},"reverse":{},"inverted":{}}})",
                     options_.processes, options_.threads, options_.reasons, lines, options_.reverse,
                     options_.inverted);
}

void PageData::stacks(Sink& out) {
  uint32_t number = 0;
  auto up = [&](StackId id) { return number++ - stacks_(profile_.stack(id).parent); };
  auto frame = [&](StackId id) { return id == 0 ? 0 : frames_(profile_.stack(id).frame); };
  column(out, "up", stacks_.keys(), up);
  out.write(",");
  column(out, "frame", stacks_.keys(), frame);
}

void PageData::frames(Sink& out) {
  const auto& used = frames_.keys();
  auto name = [&](FrameId id) { return string(frame_text(profile_, profile_.frame(id), no_lines_)); };
  auto text = [&](StringId id) { return string(std::string(profile_.string(id))); };
  column(out, "name", used, name);
  out.write(",");
  column(out, "kind", used, [&](FrameId id) { return static_cast<int>(profile_.frame(id).kind); });
  out.write(",");
  column(out, "line", used, [&](FrameId id) { return profile_.frame(id).line; });
  out.write(",");
  column(out, "file", used, [&](FrameId id) { return text(profile_.frame(id).file); });
  out.write(",");
  column(out, "module", used, [&](FrameId id) { return text(profile_.frame(id).module); });
}

void PageData::threads(Sink& out) {
  const auto& used = threads_.keys();
  auto process = [&](uint32_t id) { return string(process_text(profile_, profile_.threads()[id].pid)); };
  auto thread = [&](uint32_t id) { return string(thread_text(profile_.threads()[id])); };
  column(out, "process", used, process);
  out.write(",");
  column(out, "thread", used, thread);
}

void PageData::strings(Sink& out) const {
  const char* separator = "[";
  for (const std::string& text : strings_.keys()) {
    out.write(std::exchange(separator, ",\n"));
    out.write(json_string(text));
  }
  out.write("]");
}

void PageData::write(Sink& out, const std::vector<const Series*>& events) {
  out.print(
      R"({{"version":1,"rtprof":"{}","title":{},"startMs":{},"duration":{},"rate":{},"switches":{},"palette":{},)",
      RTPROF_VERSION,
      json_string(options_.title.empty() ? default_title(profile_, events, options_) : options_.title),
      profile_.start_unix_ns / kMillisecond, profile_.duration, profile_.rate, switches(),
      palette_json(options_.colors));
  out.write("\"events\":[");
  for (const Series* series : events) {
    if (series != events.front()) out.write(",");
    event(out, *series);
  }
  // In this order, since each names things of the next.
  out.write("],\n\"stacks\":{");
  stacks(out);
  out.write("},\n\"frames\":{");
  frames(out);
  out.write("},\n\"threads\":{");
  threads(out);
  out.write("},\n\"strings\":");
  strings(out);
  out.write("}");
}

}  // namespace

void write_page_data(Sink& out, const Profile& profile, const std::vector<const Series*>& events,
                     const ReportOptions& options) {
  PageData(profile, options).write(out, events);
}

}  // namespace rtprof
