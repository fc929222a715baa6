#include "report/pprof.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <map>
#include <protozero/pbf_message.hpp>

#include "report/gzip.h"
#include "report/pprof_fields.h"
#include "tests/unit/report/profiles.h"

namespace rtprof {
namespace {

using namespace pprof;  // NOLINT(google-build-using-namespace)

std::string gunzip(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  std::string piece(1 << 16, '\0');
  int status = Z_OK;
  while (status == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    status = inflate(&stream, Z_NO_FLUSH);
    out.append(piece, 0, piece.size() - stream.avail_out);
  }
  EXPECT_EQ(status, Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0u) << "one member and nothing after it";
  inflateEnd(&stream);
  return out;
}

// A decoded profile.proto, with strings in place of their numbers once resolve() ran.
struct Decoded {
  struct ValueType {
    int64_t type = 0, unit = 0;
  };
  struct Label {
    int64_t key = 0, text = 0, number = 0;
  };
  struct DecodedSample {
    std::vector<uint64_t> locations;
    std::vector<int64_t> values;
    std::vector<Label> labels;
  };
  struct Location {
    uint64_t mapping = 0, function = 0;
    int64_t line = 0;
  };
  struct Function {
    int64_t name = 0, file = 0, start_line = 0;
  };

  std::vector<std::string> strings;
  std::vector<ValueType> types;
  std::vector<DecodedSample> samples;
  std::map<uint64_t, Location> locations;
  std::map<uint64_t, Function> functions;
  std::map<uint64_t, int64_t> mappings;  // file name
  ValueType period_type;
  int64_t period = 0, time = 0, duration = 0, default_type = 0;

  explicit Decoded(const std::string& gzipped);

  const std::string& at(int64_t string) const { return strings.at(static_cast<size_t>(string)); }
  std::string type(size_t i) const { return at(types.at(i).type) + "/" + at(types.at(i).unit); }
  // "leaf:line < caller:line"
  std::string stack(const DecodedSample& sample) const {
    std::string out;
    for (uint64_t id : sample.locations) {
      const Location& location = locations.at(id);
      if (!out.empty()) out += " < ";
      out += at(functions.at(location.function).name) + ":" + std::to_string(location.line);
    }
    return out;
  }
  std::map<std::string, std::string> labels(const DecodedSample& sample) const {
    std::map<std::string, std::string> out;
    for (const Label& label : sample.labels) {
      out[at(label.key)] = label.text != 0 ? at(label.text) : std::to_string(label.number);
    }
    return out;
  }
};

Decoded::ValueType value_type(protozero::pbf_message<ValueTypeField> in) {
  Decoded::ValueType out;
  while (in.next()) {
    if (in.tag() == ValueTypeField::kType)
      out.type = in.get_int64();
    else if (in.tag() == ValueTypeField::kUnit)
      out.unit = in.get_int64();
    else
      in.skip();
  }
  return out;
}

Decoded::Label label(protozero::pbf_message<LabelField> in) {
  Decoded::Label out;
  while (in.next()) {
    if (in.tag() == LabelField::kKey)
      out.key = in.get_int64();
    else if (in.tag() == LabelField::kText)
      out.text = in.get_int64();
    else if (in.tag() == LabelField::kNumber)
      out.number = in.get_int64();
    else
      in.skip();
  }
  return out;
}

Decoded::DecodedSample sample(protozero::pbf_message<SampleField> in) {
  Decoded::DecodedSample out;
  while (in.next()) {
    if (in.tag() == SampleField::kLocationId) {
      auto range = in.get_packed_uint64();
      out.locations.assign(range.begin(), range.end());
    } else if (in.tag() == SampleField::kValue) {
      auto range = in.get_packed_int64();
      out.values.assign(range.begin(), range.end());
    } else if (in.tag() == SampleField::kLabel) {
      out.labels.push_back(label(in.get_message()));
    } else {
      in.skip();
    }
  }
  return out;
}

Decoded::Location location(protozero::pbf_message<LocationField> in, uint64_t& id) {
  Decoded::Location out;
  while (in.next()) {
    if (in.tag() == LocationField::kId) {
      id = in.get_uint64();
    } else if (in.tag() == LocationField::kMappingId) {
      out.mapping = in.get_uint64();
    } else if (in.tag() == LocationField::kLine) {
      protozero::pbf_message<LineField> line(in.get_message());
      while (line.next()) {
        if (line.tag() == LineField::kFunctionId)
          out.function = line.get_uint64();
        else if (line.tag() == LineField::kLine)
          out.line = line.get_int64();
        else
          line.skip();
      }
    } else {
      in.skip();
    }
  }
  return out;
}

Decoded::Function function(protozero::pbf_message<FunctionField> in, uint64_t& id) {
  Decoded::Function out;
  while (in.next()) {
    if (in.tag() == FunctionField::kId)
      id = in.get_uint64();
    else if (in.tag() == FunctionField::kName)
      out.name = in.get_int64();
    else if (in.tag() == FunctionField::kFileName)
      out.file = in.get_int64();
    else if (in.tag() == FunctionField::kStartLine)
      out.start_line = in.get_int64();
    else
      in.skip();
  }
  return out;
}

std::pair<uint64_t, int64_t> mapping(protozero::pbf_message<MappingField> in) {
  std::pair<uint64_t, int64_t> out;
  while (in.next()) {
    if (in.tag() == MappingField::kId)
      out.first = in.get_uint64();
    else if (in.tag() == MappingField::kFileName)
      out.second = in.get_int64();
    else
      in.skip();
  }
  return out;
}

Decoded::Decoded(const std::string& gzipped) {
  std::string bytes = gunzip(gzipped);
  protozero::pbf_message<ProfileField> in(bytes);
  uint64_t id = 0;
  while (in.next()) {
    switch (in.tag()) {
      case ProfileField::kSampleType:
        types.push_back(value_type(in.get_message()));
        break;
      case ProfileField::kSample:
        samples.push_back(sample(in.get_message()));
        break;
      case ProfileField::kMapping:
        mappings.insert(mapping(in.get_message()));
        break;
      case ProfileField::kLocation: {
        Location found = location(in.get_message(), id);
        locations[id] = found;
        break;
      }
      case ProfileField::kFunction: {
        Function found = function(in.get_message(), id);
        functions[id] = found;
        break;
      }
      case ProfileField::kString:
        strings.push_back(in.get_string());
        break;
      case ProfileField::kTimeNanos:
        time = in.get_int64();
        break;
      case ProfileField::kDurationNanos:
        duration = in.get_int64();
        break;
      case ProfileField::kPeriodType:
        period_type = value_type(in.get_message());
        break;
      case ProfileField::kPeriod:
        period = in.get_int64();
        break;
      case ProfileField::kDefaultSampleType:
        default_type = in.get_int64();
        break;
      default:
        in.skip();
    }
  }
}

struct Pprof : testing::Test {
  Profile profile;
  StackId main = profile.push(0, python_frame(profile, "main", "a.py", 10));

  Decoded render(const ReportOptions& options = {}) {
    std::vector<const Series*> events;
    for (const Series& series : profile.all_series()) events.push_back(&series);
    return Decoded(text_of([&](Sink& out) { write_pprof(out, profile, events, options); }));
  }
};

TEST_F(Pprof, OneEventFieldByField) {
  profile.rate = 99;
  profile.start_unix_ns = 1'700'000'000'000'000'000;
  profile.duration = 5 * kSecond;
  profile.processes.push_back({100, "gunicorn"});
  profile.set_thread_name(100, 1, "MainThread");
  Frame work;
  work.kind = FrameKind::kPython;
  work.function = profile.intern("work");
  work.file = profile.intern("/srv/app/a.py");
  work.line = 42;
  work.start_line = 40;
  StackId leaf = profile.push(main, profile.intern(work));
  for (int i = 0; i < 3; ++i) profile.series(Event::kCpu).add(sample_of(profile, 1, leaf, 1'000));
  profile.series(Event::kCpu).add(sample_of(profile, 2, main, 500));

  Decoded decoded = render();
  EXPECT_EQ(decoded.strings.at(0), "");
  ASSERT_EQ(decoded.types.size(), 2u);
  EXPECT_EQ(decoded.type(0), "samples/count");
  EXPECT_EQ(decoded.type(1), "cpu/nanoseconds");
  EXPECT_EQ(decoded.at(decoded.default_type), "cpu");
  EXPECT_EQ(decoded.at(decoded.period_type.type), "cpu");
  EXPECT_EQ(decoded.at(decoded.period_type.unit), "nanoseconds");
  EXPECT_EQ(decoded.period, 10'101'010);
  EXPECT_EQ(decoded.time, profile.start_unix_ns);
  EXPECT_EQ(decoded.duration, profile.duration);

  ASSERT_EQ(decoded.samples.size(), 2u);
  const auto& first = decoded.samples[0];
  EXPECT_EQ(decoded.stack(first), "work:42 < main:10");
  EXPECT_EQ(first.values, (std::vector<int64_t>{3, 3'000}));
  EXPECT_EQ(decoded.labels(first),
            (std::map<std::string, std::string>{
                {"thread", "MainThread"}, {"tid", "1"}, {"process", "gunicorn"}, {"pid", "100"}}));
  const auto& location = decoded.locations.at(first.locations[0]);
  const auto& function = decoded.functions.at(location.function);
  EXPECT_EQ(decoded.at(function.file), "/srv/app/a.py");
  EXPECT_EQ(function.start_line, 40);
  EXPECT_EQ(decoded.at(decoded.mappings.at(1)), "gunicorn");
  EXPECT_EQ(location.mapping, 1u);
}

TEST_F(Pprof, LinesOfOneFunctionShareIt) {
  StackId other = profile.push(0, python_frame(profile, "main", "a.py", 11));
  profile.series(Event::kCpu).add(sample_of(profile, 1, main, 1));
  profile.series(Event::kCpu).add(sample_of(profile, 1, other, 1));
  Decoded decoded = render();
  EXPECT_EQ(decoded.functions.size(), 1u);
  EXPECT_EQ(decoded.locations.size(), 2u);
}

TEST_F(Pprof, SeveralEventsShareOneFile) {
  Sample waiting = sample_of(profile, 1, main, 70);
  waiting.reason = Reason::kOther;
  profile.series(Event::kCpu).add(sample_of(profile, 1, main, 30));
  profile.series(Event::kWall).add(waiting);
  Decoded decoded = render();
  ASSERT_EQ(decoded.types.size(), 4u);
  EXPECT_EQ(decoded.type(2), "wall_samples/count") << "a type of its own for each event";
  EXPECT_EQ(decoded.type(3), "wall/nanoseconds");
  ASSERT_EQ(decoded.samples.size(), 2u);
  EXPECT_EQ(decoded.samples[0].values, (std::vector<int64_t>{1, 30, 0, 0}));
  EXPECT_EQ(decoded.samples[1].values, (std::vector<int64_t>{0, 0, 1, 70}));
  EXPECT_EQ(decoded.labels(decoded.samples[1])["reason"], "[other]");
}

TEST_F(Pprof, NativeAndKernelFramesHaveTheirMappings) {
  Frame native;
  native.kind = FrameKind::kNative;
  native.function = profile.intern("memcpy");
  native.module = profile.intern("/usr/lib/libc.so.6");
  StackId stack = profile.push(main, profile.intern(native));
  stack = profile.push(stack, frame_of(profile, FrameKind::kKernel, "page_fault"));
  profile.series(Event::kCpu).add(sample_of(profile, 1, stack, 1));
  Decoded decoded = render();
  std::vector<std::string> files;
  for (uint64_t id : decoded.samples.at(0).locations) {
    files.push_back(decoded.at(decoded.mappings.at(decoded.locations.at(id).mapping)));
  }
  EXPECT_EQ(files, (std::vector<std::string>{"[kernel]", "/usr/lib/libc.so.6", "rtprof"}));
}

TEST_F(Pprof, HostileNamesStayStrings) {
  StackId stack = profile.push(0, python_frame(profile, "bad\xff\n;\"", "a.py", 1));
  profile.series(Event::kCpu).add(sample_of(profile, 1, stack, 1));
  Decoded decoded = render();
  EXPECT_EQ(decoded.stack(decoded.samples.at(0)), "bad\xef\xbf\xbd ;\":1");
}

TEST_F(Pprof, NoSamples) {
  profile.series(Event::kCpu);
  Decoded decoded = render();
  EXPECT_TRUE(decoded.samples.empty());
  EXPECT_EQ(decoded.types.size(), 2u);
}

TEST(Gzip, InputOfAnySizeInPieces) {
  std::string large(5'000'000, 'x');
  for (size_t i = 0; i < large.size(); i += 3) large[i] = static_cast<char>(i * 2654435761U >> 13);
  for (size_t size : {size_t{0}, size_t{1}, size_t{65'535}, size_t{65'536}, large.size()}) {
    std::string_view bytes = std::string_view(large).substr(0, size);
    auto zipped = [&](size_t piece) {
      return text_of([&](Sink& out) {
        GzipSink sink(out);
        for (size_t at = 0; at < size; at += piece) sink.write(bytes.substr(at, piece));
        sink.finish();
      });
    };
    EXPECT_EQ(gunzip(zipped(777)), bytes);
    EXPECT_EQ(gunzip(zipped(size + 1)), bytes);
    EXPECT_EQ(zipped(777), zipped(777));
  }
}

}  // namespace
}  // namespace rtprof
