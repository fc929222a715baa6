#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace rtprof::jvm {

// Text as a recording of the JVM's has it: in place, or a reference to a constant of type java.lang.String.
struct JfrText {
  std::string text;  // UTF-8
  std::optional<uint64_t> constant;
};

// One record of a recording (the body of an event, a checkpoint or a metadata event), read from its front.
// Nothing is read past its end: what is asked for there is 0, and ok() false from then on.
//
// Encoding: jdk.jfr.internal.consumer.RecordingInput.
class JfrBytes {
 public:
  explicit JfrBytes(std::span<const uint8_t> bytes)
      : bytes_(bytes), steps_left_(kLeastSteps + kStepsPerByte * bytes.size()) {}

  // Compressed: 7 bits a byte, the least first; a ninth byte has 8.
  uint64_t number();
  uint8_t byte();
  JfrText text();
  void skip(size_t size);
  // Of an array: no more than there are bytes left.
  size_t count();

  // Counts something that may take no bytes: a record that describes itself could keep its reader busy.
  bool spend();
  void fail() { ok_ = false; }

  bool ok() const { return ok_; }
  size_t position() const { return at_; }
  size_t left() const { return bytes_.size() - at_; }

 private:
  static constexpr size_t kLeastSteps = 256;
  static constexpr size_t kStepsPerByte = 4;

  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
  size_t steps_left_;
  bool ok_ = true;
};

}  // namespace rtprof::jvm
