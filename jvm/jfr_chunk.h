#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/profile/event.h"
#include "jvm/jfr_constants.h"
#include "jvm/jfr_types.h"

namespace rtprof::jvm {

// The front of a chunk, which is a file of the JVM's repository of recordings
// (jdk.jfr.internal.consumer.ChunkHeader).
struct JfrHeader {
  static constexpr size_t kSize = 68;

  uint64_t size = 0;  // of what is complete: records up to here are whole
  bool is_final = false;
  bool is_changing = false;  // is being written just now: nothing of it is to be believed
  TimePoint start_unix = 0;  // ns after the epoch
  Nanoseconds duration = 0;  // from then on, that the records are of
  int64_t start_ticks = 0;
  double ns_per_tick = 1;

  static Result<JfrHeader> parse(std::span<const uint8_t, kSize> bytes);
  // Nanoseconds after the epoch.
  TimePoint time_of(int64_t ticks) const;
  Nanoseconds time_between(int64_t ticks) const;
};

// What an event of a recording tells, as far as it is asked for.
enum class JfrEventKind : uint8_t { kRunning, kInNative, kCpuTime, kCpuTimeLost, kWait };

struct JfrEvent {
  JfrEventKind kind = JfrEventKind::kRunning;
  Reason reason = Reason::kNone;  // of a wait
  int64_t start = 0;              // ticks
  int64_t duration = 0;           // ticks
  uint64_t thread = 0;
  uint64_t trace = 0;
  uint64_t lost = 1;  // samples, of kCpuTimeLost
};

// One chunk, read as it grows: the records that have become complete are handed in as they come.
class JfrChunk {
 public:
  explicit JfrChunk(size_t most_constant_bytes = JfrConstants::kMostBytes)
      : constants_(most_constant_bytes) {}

  // Appends the events of `records`, which are whole and follow those of the call before. Constants of all of
  // them are known afterwards, as far as they are there yet. False where the bytes make no sense: then what
  // could be read before that was appended, and nothing that follows can be read.
  bool read(std::span<const uint8_t> records, std::vector<JfrEvent>& events);

  const JfrConstants& constants() const { return constants_; }

 private:
  std::unique_ptr<JfrTypes> types_ = std::make_unique<JfrTypes>();
  JfrConstants constants_;
};

}  // namespace rtprof::jvm
