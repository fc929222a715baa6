#include "jvm/jfr_chunk.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace rtprof::jvm {
namespace {

// Types of records that are no events.
constexpr uint64_t kMetadata = 0;
constexpr uint64_t kCheckpoint = 1;

constexpr int kMajor = 2;

struct EventType {
  std::string_view name;
  JfrEventKind kind;
  Reason reason;
};
constexpr EventType kEventTypes[] = {
    {"jdk.ExecutionSample", JfrEventKind::kRunning, Reason::kNone},
    {"jdk.NativeMethodSample", JfrEventKind::kInNative, Reason::kNone},
    {"jdk.CPUTimeSample", JfrEventKind::kCpuTime, Reason::kNone},
    {"jdk.CPUTimeSamplesLost", JfrEventKind::kCpuTimeLost, Reason::kNone},
    {"jdk.ThreadPark", JfrEventKind::kWait, Reason::kLock},
    {"jdk.JavaMonitorEnter", JfrEventKind::kWait, Reason::kLock},
    {"jdk.JavaMonitorWait", JfrEventKind::kWait, Reason::kLock},
    {"jdk.ThreadSleep", JfrEventKind::kWait, Reason::kSleep},
    {"jdk.SocketRead", JfrEventKind::kWait, Reason::kNetwork},
    {"jdk.SocketWrite", JfrEventKind::kWait, Reason::kNetwork},
    {"jdk.FileRead", JfrEventKind::kWait, Reason::kDisk},
    {"jdk.FileWrite", JfrEventKind::kWait, Reason::kDisk},
    {"jdk.FileForce", JfrEventKind::kWait, Reason::kDisk},
};

const EventType* event_type(std::string_view name) {
  const auto* found = std::find_if(std::begin(kEventTypes), std::end(kEventTypes),
                                   [&](const EventType& type) { return type.name == name; });
  return found == std::end(kEventTypes) ? nullptr : found;
}

uint64_t big_endian(const uint8_t* bytes, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | bytes[i];
  return value;
}

struct Record {
  uint64_t type = 0;
  std::span<const uint8_t> body;
};

// The record at the front of `bytes`, which it is taken from.
std::optional<Record> take_record(std::span<const uint8_t>& bytes) {
  JfrBytes front(bytes.first(std::min<size_t>(bytes.size(), 32)));
  uint64_t size = front.number();
  Record record;
  record.type = front.number();
  if (!front.ok() || size < front.position() || size > bytes.size()) return std::nullopt;
  record.body = bytes.subspan(front.position(), size - front.position());
  bytes = bytes.subspan(size);
  return record;
}

std::optional<JfrEvent> event_of(const EventType& event_type, const JfrType& type, JfrBytes& bytes) {
  JfrEvent event;
  event.kind = event_type.kind;
  event.reason = event_type.reason;
  JfrTypes::read(type, bytes, [&](const JfrField& field, JfrBytes& value) {
    bool is_number = !field.is_array && (field.is_reference || field.type->shape == JfrShape::kNumber);
    if (is_number && field.name == "startTime") {
      event.start = static_cast<int64_t>(value.number());
    } else if (is_number && field.name == "duration") {
      event.duration = static_cast<int64_t>(value.number());
    } else if (is_number && (field.name == "eventThread" || field.name == "sampledThread")) {
      event.thread = value.number();
    } else if (is_number && field.name == "stackTrace") {
      event.trace = value.number();
    } else if (is_number && field.name == "lostSamples") {
      event.lost = value.number();
    } else {
      return false;
    }
    return true;
  });
  return bytes.ok() ? std::optional(event) : std::nullopt;
}

}  // namespace

Result<JfrHeader> JfrHeader::parse(std::span<const uint8_t, kSize> bytes) {
  constexpr uint8_t kFinal = 0, kChanging = 255;
  constexpr uint8_t kCompressed = 1;
  auto eight = [&](size_t at) { return big_endian(&bytes[at], 8); };
  if (std::memcmp(bytes.data(), "FLR\0", 4) != 0) return Failure{"it is no recording of a JVM's"};
  if (big_endian(&bytes[4], 2) != kMajor) return Failure{"its format is a version that is not known"};
  if ((bytes[67] & kCompressed) == 0) return Failure{"its numbers are not compressed"};
  JfrHeader header;
  header.size = eight(8);
  header.start_unix = static_cast<TimePoint>(eight(32));
  header.duration = static_cast<Nanoseconds>(eight(40));
  header.start_ticks = static_cast<int64_t>(eight(48));
  if (uint64_t ticks_a_second = eight(56); ticks_a_second != 0)
    header.ns_per_tick = 1e9 / static_cast<double>(ticks_a_second);
  header.is_final = bytes[64] == kFinal;
  header.is_changing = bytes[64] == kChanging;
  return header;
}

Nanoseconds JfrHeader::time_between(int64_t ticks) const {
  constexpr double kLongest = 1e18;
  return std::llround(std::clamp(static_cast<double>(ticks) * ns_per_tick, -kLongest, kLongest));
}

TimePoint JfrHeader::time_of(int64_t ticks) const {
  auto since_start = static_cast<uint64_t>(ticks) - static_cast<uint64_t>(start_ticks);
  return static_cast<TimePoint>(static_cast<uint64_t>(start_unix) +
                                static_cast<uint64_t>(time_between(static_cast<int64_t>(since_start))));
}

bool JfrChunk::read(std::span<const uint8_t> records, std::vector<JfrEvent>& events) {
  // What records are made of, and what they refer to, is written behind them.
  std::vector<Record> found;
  bool makes_sense = true;
  while (!records.empty()) {
    auto record = take_record(records);
    makes_sense = record.has_value();
    if (!makes_sense) break;
    if (record->type == kMetadata) {
      JfrBytes body(record->body);
      auto types = JfrTypes::parse(body);
      if (types == nullptr) return false;
      types_ = std::move(types);
    }
    found.push_back(*record);
  }
  for (const Record& record : found) {
    if (record.type != kCheckpoint) continue;
    JfrBytes body(record.body);
    makes_sense = constants_.add(*types_, body) && makes_sense;
  }
  for (const Record& record : found) {
    if (record.type == kMetadata || record.type == kCheckpoint) continue;
    const JfrType* type = types_->find(record.type);
    const EventType* wanted = type == nullptr ? nullptr : event_type(type->name);
    if (wanted == nullptr) continue;
    JfrBytes body(record.body);
    if (auto event = event_of(*wanted, *type, body)) events.push_back(*event);
  }
  return makes_sense;
}

}  // namespace rtprof::jvm
