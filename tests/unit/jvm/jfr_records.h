#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace rtprof::test {

// What a JVM's recorder writes, made by hand: records of a chunk with a few types of events and constants.
class JfrRecords {
 public:
  enum Type : uint64_t {
    kMetadata = 0,
    kCheckpoint = 1,
    kLong = 10,
    kBoolean,
    kInt,
    kString,
    kThread = 20,
    kTrace,
    kFrame,
    kMethod,
    kClass,
    kSymbol,
    kFrameType,
    kThreadGroup,
    kSample = 100,
    kPark,
    kOther,
  };
  using Bytes = std::vector<uint8_t>;

  static void number(Bytes& bytes, uint64_t value) {
    for (int i = 0; i < 8; ++i) {
      if (value < 0x80) return bytes.push_back(static_cast<uint8_t>(value));
      bytes.push_back(static_cast<uint8_t>(value | 0x80));
      value >>= 7;
    }
    bytes.push_back(static_cast<uint8_t>(value));
  }
  static void text(Bytes& bytes, std::string_view text) {
    bytes.push_back(3);
    number(bytes, text.size());
    bytes.insert(bytes.end(), text.begin(), text.end());
  }

  void record(uint64_t type, const Bytes& body) {
    Bytes head;
    number(head, type);
    // Java's writers leave room for a size before they know it: four bytes, whatever it is.
    uint64_t size = 4 + head.size() + body.size();
    for (int i = 0; i < 3; ++i, size >>= 7) bytes.push_back(static_cast<uint8_t>(size | 0x80));
    bytes.push_back(static_cast<uint8_t>(size));
    bytes.insert(bytes.end(), head.begin(), head.end());
    bytes.insert(bytes.end(), body.begin(), body.end());
  }
  void record(uint64_t type, std::initializer_list<uint64_t> numbers) {
    Bytes body;
    for (uint64_t each : numbers) number(body, each);
    record(type, body);
  }

  void metadata();
  // Threads 7 "worker" (tid 42), 8 "carrier" (43) of the group "CarrierThreads", 10, the timer of its pool
  // (44), and 9, a virtual one that it carries; and trace 3: A.inner:11 called by A.outer:22.
  void constants();
  // Of the trace and what it needs, without the methods' names; and those.
  void half_of_constants(bool names);

  Bytes bytes;
};

}  // namespace rtprof::test
