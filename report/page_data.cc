#include <fmt/format.h>

#include <iterator>

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

  std::string write(const std::vector<const Series*>& events);

 private:
  std::string event(const Series& series);
  std::string runs(Event event) const;
  std::string switches() const;
  std::string stacks();
  std::string frames();
  std::string threads();
  std::string strings() const;

  uint32_t string(const std::string& text) { return strings_(text); }
  uint32_t stack(StackId id);
  template <typename Items, typename Value>
  static std::string column(std::string_view name, const Items& items, Value value);

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
std::string PageData::column(std::string_view name, const Items& items, Value value) {
  std::string out = fmt::format("\"{}\":[", name);
  for (const auto& item : items) fmt::format_to(std::back_inserter(out), "{},", value(item));
  if (out.back() == ',') out.pop_back();
  return out + "]";
}

// Callers are numbered before what they call.
uint32_t PageData::stack(StackId id) {
  std::vector<StackId> missing;
  for (StackId at = id; !stacks_.contains(at); at = profile_.stack(at).parent) missing.push_back(at);
  for (auto at = missing.rbegin(); at != missing.rend(); ++at) stacks_(*at);
  return stacks_(id);
}

std::string PageData::event(const Series& series) {
  std::vector<Sample> kept;
  std::vector<ShownId> composed;
  uint64_t count = 0;
  for (const Sample& sample : fold_in_time(series)) {
    if (!view_.compose(series.event(), sample, composed)) continue;
    kept.push_back(sample);
    count += sample.count;
  }
  std::string out = fmt::format(R"({{"name":"{}","unit":"{}","samples":{},"resolution":{},"runs":{},)",
                                event_name(series.event()), is_time_event(series.event()) ? "ns" : "bytes",
                                count, series.resolution(), runs(series.event()));
  out += column("thread", kept, [this](const Sample& s) { return threads_(s.thread); }) + ",";
  out +=
      column("reason", kept, [this](const Sample& s) { return string(std::string(reason_name(s.reason))); }) +
      ",";
  out += column("stack", kept, [this](const Sample& s) { return stack(s.stack); }) + ",";
  out += column("count", kept, [](const Sample& s) { return s.count; }) + ",";
  return out + column("weight", kept, [](const Sample& s) { return s.weight; }) + "}";
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
  if (out.back() == ',') out.pop_back();
  return out + "]";
}

std::string PageData::switches() const {
  std::string_view lines = !options_.lines ? "\"python\"" : *options_.lines ? "true" : "false";
  return fmt::format(R"({{"processes":{},"threads":{},"reasons":{},"lines":{},"reverse":{},"inverted":{}}})",
                     options_.processes, options_.threads, options_.reasons, lines, options_.reverse,
                     options_.inverted);
}

std::string PageData::stacks() {
  uint32_t number = 0;
  auto up = [&](StackId id) { return number++ - stacks_(profile_.stack(id).parent); };
  std::string out = "{" + column("up", stacks_.keys(), up) + ",";
  auto frame = [&](StackId id) { return id == 0 ? 0 : frames_(profile_.stack(id).frame); };
  return out + column("frame", stacks_.keys(), frame) + "}";
}

std::string PageData::frames() {
  const auto& used = frames_.keys();
  auto name = [&](FrameId id) { return string(frame_text(profile_, profile_.frame(id), no_lines_)); };
  auto text = [&](StringId id) { return string(std::string(profile_.string(id))); };
  std::string out = "{" + column("name", used, name) + ",";
  out += column("kind", used, [&](FrameId id) { return static_cast<int>(profile_.frame(id).kind); }) + ",";
  out += column("line", used, [&](FrameId id) { return profile_.frame(id).line; }) + ",";
  out += column("file", used, [&](FrameId id) { return text(profile_.frame(id).file); }) + ",";
  return out + column("module", used, [&](FrameId id) { return text(profile_.frame(id).module); }) + "}";
}

std::string PageData::threads() {
  const auto& used = threads_.keys();
  auto process = [&](uint32_t id) { return string(process_text(profile_, profile_.threads()[id].pid)); };
  auto thread = [&](uint32_t id) { return string(thread_text(profile_.threads()[id])); };
  return "{" + column("process", used, process) + "," + column("thread", used, thread) + "}";
}

std::string PageData::strings() const {
  std::string out = "[";
  for (const std::string& text : strings_.keys()) {
    append_json_string(out, text);
    out += ",\n";
  }
  out.resize(out.size() - 2);
  return out + "]";
}

std::string PageData::write(const std::vector<const Series*>& events) {
  std::string out = fmt::format(
      R"({{"version":1,"rtprof":"{}","title":{},"startMs":{},"duration":{},"rate":{},"switches":{},"palette":{},)",
      RTPROF_VERSION,
      json_string(options_.title.empty() ? default_title(profile_, events, options_) : options_.title),
      profile_.start_unix_ns / kMillisecond, profile_.duration, profile_.rate, switches(),
      palette_json(options_.colors));
  out += "\"events\":[";
  for (const Series* series : events) out += (series == events.front() ? "" : ",") + event(*series);
  // In this order, since each names things of the next.
  out += "],\n\"stacks\":" + stacks();
  out += ",\n\"frames\":" + frames();
  out += ",\n\"threads\":" + threads();
  out += ",\n\"strings\":" + strings();
  return out + "}";
}

}  // namespace

std::string page_data(const Profile& profile, const std::vector<const Series*>& events,
                      const ReportOptions& options) {
  return PageData(profile, options).write(events);
}

}  // namespace rtprof
