#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "report/frame_text.h"
#include "report/html.h"
#include "report/numbering.h"
#include "report/palette.h"
#include "report/text.h"
#include "report/view.h"

namespace rtprof {
namespace {

// A trailing comma becomes the end of the array.
void close_array(std::string& out) {
  if (out.back() == ',') out.pop_back();
  out += ']';
}

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

  void append(std::string& out, const std::vector<const Series*>& events);

 private:
  void event(std::string& out, const Series& series);
  std::string runs(Event event) const;
  std::string switches() const;
  void stacks(std::string& out);
  void frames(std::string& out);
  void threads(std::string& out);
  void strings(std::string& out) const;

  uint32_t string(const std::string& text) { return strings_(text); }
  uint32_t stack(StackId id);
  template <typename Items, typename Value>
  static void column(std::string& out, std::string_view name, const Items& items, Value value);

  const Profile& profile_;
  const ReportOptions& options_;
  ReportOptions no_lines_;
  View view_;
  Numbering<std::string> strings_;
  Numbering<StackId> stacks_;
  Numbering<FrameId> frames_;
  Numbering<uint32_t> threads_;
};

template <typename Items, typename Value>
void PageData::column(std::string& out, std::string_view name, const Items& items, Value value) {
  fmt::format_to(std::back_inserter(out), "\"{}\":[", name);
  for (const auto& item : items) fmt::format_to(std::back_inserter(out), "{},", value(item));
  close_array(out);
}

// Callers are numbered before what they call.
uint32_t PageData::stack(StackId id) {
  std::vector<StackId> missing;
  for (StackId at = id; !stacks_.contains(at); at = profile_.stack(at).parent) missing.push_back(at);
  for (auto at = missing.rbegin(); at != missing.rend(); ++at) stacks_(*at);
  return stacks_(id);
}

void PageData::event(std::string& out, const Series& series) {
  // A pass for each column would compose each sample as often.
  std::string thread = "\"thread\":[";
  std::string reason = ",\"reason\":[";
  std::string stacks = ",\"stack\":[";
  std::string count = ",\"count\":[";
  std::string weight = ",\"weight\":[";
  std::vector<ShownId> composed;
  uint64_t total = 0;
  fold_in_time(series.samples(), [&](const Sample& sample) {
    if (!view_.compose(series.event(), sample, composed)) return;
    total += sample.count;
    fmt::format_to(std::back_inserter(thread), "{},", threads_(sample.thread));
    fmt::format_to(std::back_inserter(reason), "{},", string(std::string(reason_name(sample.reason))));
    fmt::format_to(std::back_inserter(stacks), "{},", stack(sample.stack));
    fmt::format_to(std::back_inserter(count), "{},", sample.count);
    fmt::format_to(std::back_inserter(weight), "{},", sample.weight);
  });
  fmt::format_to(std::back_inserter(out),
                 R"({{"name":"{}","unit":"{}","samples":{},"resolution":{},"runs":{},)",
                 event_name(series.event()), is_time_event(series.event()) ? "ns" : "bytes", total,
                 series.resolution(), runs(series.event()));
  for (std::string* each : {&thread, &reason, &stacks, &count, &weight}) {
    close_array(*each);
    out += std::exchange(*each, {});
  }
  out += '}';
}

std::string PageData::runs(Event event) const {
  std::string out = "[";
  for (const RunQuality& run : profile_.quality.runs) {
    if (run.event != event || (options_.pid && run.pid != *options_.pid)) continue;
    fmt::format_to(
        std::back_inserter(out),
        R"({{"pid":{},"runtime":{},"mechanism":"{}","exact":{},"reason":{},"asked":{},"samples":{},)"
        R"("late":{},"torn":{},"errors":{},"lost":{},"unknown":{}}},)",
        run.pid, json_string(fmt::format("{} {}", run.runtime, run.runtime_version)),
        mechanism_name(run.mechanism), run.exact, json_string(run.reason), run.asked, run.samples,
        run.late_ticks, run.torn, run.errors, run.lost, run.unknown_frames);
  }
  close_array(out);
  return out;
}

std::string PageData::switches() const {
  std::string_view lines = !options_.lines ? "\"python\"" : *options_.lines ? "true" : "false";
  return fmt::format(R"({{"processes":{},"threads":{},"reasons":{},"lines":{},"reverse":{},"inverted":{}}})",
                     options_.processes, options_.threads, options_.reasons, lines, options_.reverse,
                     options_.inverted);
}

void PageData::stacks(std::string& out) {
  uint32_t number = 0;
  auto up = [&](StackId id) { return number++ - stacks_(profile_.stack(id).parent); };
  auto frame = [&](StackId id) { return id == 0 ? 0 : frames_(profile_.stack(id).frame); };
  column(out, "up", stacks_.keys(), up);
  out += ',';
  column(out, "frame", stacks_.keys(), frame);
}

void PageData::frames(std::string& out) {
  const auto& used = frames_.keys();
  auto name = [&](FrameId id) { return string(frame_text(profile_, profile_.frame(id), no_lines_)); };
  auto text = [&](StringId id) { return string(std::string(profile_.string(id))); };
  column(out, "name", used, name);
  out += ',';
  column(out, "kind", used, [&](FrameId id) { return static_cast<int>(profile_.frame(id).kind); });
  out += ',';
  column(out, "line", used, [&](FrameId id) { return profile_.frame(id).line; });
  out += ',';
  column(out, "file", used, [&](FrameId id) { return text(profile_.frame(id).file); });
  out += ',';
  column(out, "module", used, [&](FrameId id) { return text(profile_.frame(id).module); });
}

void PageData::threads(std::string& out) {
  const auto& used = threads_.keys();
  auto process = [&](uint32_t id) { return string(process_text(profile_, profile_.threads()[id].pid)); };
  auto thread = [&](uint32_t id) { return string(thread_text(profile_.threads()[id])); };
  column(out, "process", used, process);
  out += ',';
  column(out, "thread", used, thread);
}

void PageData::strings(std::string& out) const {
  out += '[';
  for (const std::string& text : strings_.keys()) {
    append_json_string(out, text);
    out += ",\n";
  }
  out.resize(out.size() - 2);
  out += ']';
}

void PageData::append(std::string& out, const std::vector<const Series*>& events) {
  fmt::format_to(
      std::back_inserter(out),
      R"({{"version":1,"rtprof":"{}","title":{},"startMs":{},"duration":{},"rate":{},"switches":{},"palette":{},)",
      RTPROF_VERSION,
      json_string(options_.title.empty() ? default_title(profile_, events, options_) : options_.title),
      profile_.start_unix_ns / kMillisecond, profile_.duration, profile_.rate, switches(),
      palette_json(options_.colors));
  out += "\"events\":[";
  for (const Series* series : events) {
    if (series != events.front()) out += ',';
    event(out, *series);
  }
  // In this order, since each names things of the next.
  out += "],\n\"stacks\":{";
  stacks(out);
  out += "},\n\"frames\":{";
  frames(out);
  out += "},\n\"threads\":{";
  threads(out);
  out += "},\n\"strings\":";
  strings(out);
  out += '}';
}

}  // namespace

void append_page_data(std::string& out, const Profile& profile, const std::vector<const Series*>& events,
                      const ReportOptions& options) {
  PageData(profile, options).append(out, events);
}

}  // namespace rtprof
