#include "report/pprof.h"

#include <fmt/format.h>

#include <cmath>
#include <protozero/pbf_builder.hpp>
#include <unordered_map>

#include "common/profile/folded_samples.h"
#include "report/frame_text.h"
#include "report/gzip.h"
#include "report/numbering.h"
#include "report/pprof_fields.h"
#include "report/text.h"
#include "report/view.h"

namespace rtprof {
namespace {

using namespace pprof;  // NOLINT(google-build-using-namespace): the field names are this file's vocabulary

struct ValueNames {
  std::string_view count;
  std::string_view weight;
  std::string_view unit;
};

// By Event.
constexpr ValueNames kValueNames[] = {{"samples", "cpu", "nanoseconds"},
                                      {"samples", "wall", "nanoseconds"},
                                      {"alloc_objects", "alloc_space", "bytes"},
                                      {"contentions", "delay", "nanoseconds"},
                                      {"samples", "offcpu", "nanoseconds"}};

constexpr ValueNames kLiveNames{"inuse_objects", "inuse_space", "bytes"};

const ValueNames& names_of(Event event, bool live) {
  return live && event == Event::kAlloc ? kLiveNames : kValueNames[static_cast<size_t>(event)];
}

class Writer {
 public:
  Writer(const Profile& profile, const ReportOptions& options)
      : profile_(profile), view_(profile, options), out_(bytes_) {
    string("");  // the format wants the first string to be empty
    bool named = !profile.processes.empty();
    mapping(named ? profile.processes.front().command : "rtprof");
  }

  void write(Sink& out, const std::vector<const Series*>& events);

 private:
  using Message = protozero::pbf_builder<ProfileField>;

  void sample_types(const std::vector<const Series*>& events);
  void value_type(ProfileField field, std::string_view type, std::string_view unit);
  void samples(Sink& out, const Series& series, size_t number, size_t event_count);
  void pass_on(Sink& out);
  void labels(protozero::pbf_builder<SampleField>& out, const Sample& sample);
  void label(protozero::pbf_builder<SampleField>& out, std::string_view key, std::string_view text);
  void label(protozero::pbf_builder<SampleField>& out, std::string_view key, int64_t number);
  void comments(const std::vector<const Series*>& events);
  void tables();

  uint64_t location(FrameId id);
  uint64_t function(const Frame& frame);
  uint64_t mapping(std::string_view file) { return mappings_(clean_text(file)) + 1; }
  uint64_t mapping_of(const Frame& frame);
  int64_t string(std::string_view text) { return strings_(clean_text(text)); }
  std::string_view command_of(int32_t pid) const;

  const Profile& profile_;
  View view_;
  std::string bytes_;  // messages that were not passed on yet
  Message out_;
  Numbering<std::string> strings_;
  Numbering<std::string> mappings_;
  std::vector<uint64_t> of_frame_;  // location by FrameId; 0 for none yet
  std::unordered_map<std::string, uint64_t> functions_;
  uint64_t locations_ = 0;
};

void Writer::value_type(ProfileField field, std::string_view type, std::string_view unit) {
  protozero::pbf_builder<ValueTypeField> message(out_, field);
  message.add_int64(ValueTypeField::kType, string(type));
  message.add_int64(ValueTypeField::kUnit, string(unit));
}

// Two events that count the same thing would be one type to a reader: the later is named after its event.
void Writer::sample_types(const std::vector<const Series*>& events) {
  std::unordered_map<std::string_view, int> seen;
  for (const Series* series : events) {
    const ValueNames& names = names_of(series->event(), profile_.live);
    bool again = seen[names.count]++ > 0;
    value_type(
        ProfileField::kSampleType,
        again ? fmt::format("{}_{}", event_name(series->event()), names.count) : std::string(names.count),
        "count");
    value_type(ProfileField::kSampleType, names.weight, names.unit);
  }
  const ValueNames& first = names_of(events.front()->event(), profile_.live);
  out_.add_int64(ProfileField::kDefaultSampleType, string(first.weight));
  if (profile_.rate > 0 && events.front()->event() != Event::kOffCpu) {
    value_type(ProfileField::kPeriodType, first.weight, first.unit);
    out_.add_int64(ProfileField::kPeriod, std::llround(1e9 / profile_.rate));
  }
}

uint64_t Writer::mapping_of(const Frame& frame) {
  if (frame.kind == FrameKind::kKernel) return mapping("[kernel]");
  if (frame.kind == FrameKind::kNative && frame.module != 0) return mapping(profile_.string(frame.module));
  return 1;
}

uint64_t Writer::function(const Frame& frame) {
  std::string name = function_name(profile_, frame);
  std::string file = clean_text(profile_.string(frame.file));
  auto [known, is_new] =
      functions_.try_emplace(fmt::format("{}\n{}\n{}", name, file, frame.start_line), functions_.size() + 1);
  if (is_new) {
    protozero::pbf_builder<FunctionField> message(out_, ProfileField::kFunction);
    message.add_uint64(FunctionField::kId, known->second);
    message.add_int64(FunctionField::kName, string(name));
    message.add_int64(FunctionField::kSystemName, string(name));
    message.add_int64(FunctionField::kFileName, string(file));
    if (frame.start_line > 0) message.add_int64(FunctionField::kStartLine, frame.start_line);
  }
  return known->second;
}

uint64_t Writer::location(FrameId id) {
  of_frame_.resize(profile_.frame_count(), 0);
  if (of_frame_[id] != 0) return of_frame_[id];
  of_frame_[id] = ++locations_;
  const Frame& frame = profile_.frame(id);
  uint64_t function_id = function(frame);
  protozero::pbf_builder<LocationField> message(out_, ProfileField::kLocation);
  message.add_uint64(LocationField::kId, locations_);
  message.add_uint64(LocationField::kMappingId, mapping_of(frame));
  protozero::pbf_builder<LineField> line(message, LocationField::kLine);
  line.add_uint64(LineField::kFunctionId, function_id);
  if (frame.line > 0) line.add_int64(LineField::kLine, frame.line);
  return locations_;
}

void Writer::label(protozero::pbf_builder<SampleField>& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  protozero::pbf_builder<LabelField> message(out, SampleField::kLabel);
  message.add_int64(LabelField::kKey, string(key));
  message.add_int64(LabelField::kText, string(text));
}

void Writer::label(protozero::pbf_builder<SampleField>& out, std::string_view key, int64_t number) {
  protozero::pbf_builder<LabelField> message(out, SampleField::kLabel);
  message.add_int64(LabelField::kKey, string(key));
  message.add_int64(LabelField::kNumber, number);
}

std::string_view Writer::command_of(int32_t pid) const {
  for (const ProfiledProcess& process : profile_.processes) {
    if (process.pid == pid) return process.command;
  }
  return {};
}

void Writer::labels(protozero::pbf_builder<SampleField>& out, const Sample& sample) {
  const ProfiledThread& thread = profile_.threads()[sample.thread];
  label(out, "thread", thread.name);
  label(out, thread.tid < 0 ? "vid" : "tid", std::abs(thread.tid));
  label(out, "process", command_of(thread.pid));
  label(out, "pid", thread.pid);
  label(out, "reason", reason_name(sample.reason));
}

void Writer::pass_on(Sink& out) {
  out.write(bytes_);
  bytes_.clear();
}

void Writer::samples(Sink& out, const Series& series, size_t number, size_t event_count) {
  std::vector<uint64_t> leaf_first;
  FoldedSamples(series).for_each([&](const Sample& sample) {
    if (!view_.keeps(series.event(), sample)) return;
    leaf_first.clear();
    for (StackId stack = sample.stack; stack != 0; stack = profile_.stack(stack).parent) {
      leaf_first.push_back(location(profile_.stack(stack).frame));
    }
    std::vector<int64_t> values(2 * event_count, 0);
    values[2 * number] = static_cast<int64_t>(sample.count);
    values[2 * number + 1] = sample.weight;
    {
      protozero::pbf_builder<SampleField> message(out_, ProfileField::kSample);
      message.add_packed_uint64(SampleField::kLocationId, leaf_first.begin(), leaf_first.end());
      message.add_packed_int64(SampleField::kValue, values.begin(), values.end());
      labels(message, sample);
    }
    pass_on(out);
  });
}

// pprof shows comments above every report: one line an event.
void Writer::comments(const std::vector<const Series*>& events) {
  out_.add_int64(ProfileField::kComment, string("rtprof " RTPROF_VERSION));
  for (const Series* series : events) {
    RunQuality sum;
    bool exact = true;
    for (const RunQuality& run : profile_.quality.runs) {
      if (run.event != series->event()) continue;
      exact = exact && run.exact;
      sum.asked += run.asked;
      sum.samples += run.samples;
      sum.unknown_frames += run.unknown_frames;
    }
    out_.add_int64(ProfileField::kComment,
                   string(fmt::format("{}: asked {}, samples {}, unknown {}{}", event_name(series->event()),
                                      sum.asked, sum.samples, sum.unknown_frames,
                                      exact ? "" : "; approximate: stacks can be wrong")));
  }
}

void Writer::tables() {
  for (size_t i = 0; i < mappings_.keys().size(); ++i) {
    protozero::pbf_builder<MappingField> message(out_, ProfileField::kMapping);
    message.add_uint64(MappingField::kId, i + 1);
    message.add_int64(MappingField::kFileName, string(mappings_.keys()[i]));
    // Everything is named already: a reader need not look for symbols.
    message.add_bool(MappingField::kHasFunctions, true);
    message.add_bool(MappingField::kHasFileNames, true);
    message.add_bool(MappingField::kHasLines, true);
    message.add_bool(MappingField::kHasInlined, true);
  }
  for (const std::string& text : strings_.keys()) out_.add_string(ProfileField::kString, text);
}

void Writer::write(Sink& out, const std::vector<const Series*>& events) {
  sample_types(events);
  for (size_t i = 0; i < events.size(); ++i) samples(out, *events[i], i, events.size());
  out_.add_int64(ProfileField::kTimeNanos, profile_.start_unix_ns);
  out_.add_int64(ProfileField::kDurationNanos, profile_.duration);
  comments(events);
  tables();
  pass_on(out);
}

}  // namespace

void write_pprof(Sink& out, const Profile& profile, const std::vector<const Series*>& events,
                 const ReportOptions& options) {
  GzipSink zipped(out);
  Writer(profile, options).write(zipped, events);
  zipped.finish();
}

}  // namespace rtprof
