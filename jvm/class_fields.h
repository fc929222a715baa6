#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace rtprof::jvm {

// A field as its class has recorded it.
struct RecordedField {
  uint32_t name = 0;    // index of its name in the constant pool
  uint32_t offset = 0;  // in the object; of a static field, in the class's mirror
  bool is_static = false;

  bool operator==(const RecordedField&) const = default;
};

// The fields that a class declares itself, over bytes that may be anything. Nothing when they contradict
// themselves.
// Until JDK 20: records of six u2 (oops/fieldInfo.hpp), `count` of them.
std::optional<std::vector<RecordedField>> fields_in_array(std::span<const uint8_t> records, size_t count);
// From 21 on: a stream of compressed numbers (FieldInfoStream).
std::optional<std::vector<RecordedField>> fields_in_stream(std::span<const uint8_t> stream);

}  // namespace rtprof::jvm
