#pragma once

#include <linux/perf_event.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace rtprof::kernel {

// Builds records as the kernel writes them, word for word.
class RecordBytes {
 public:
  explicit RecordBytes(uint32_t type, uint16_t misc = 0) : type_(type), misc_(misc), words_{0} {}

  RecordBytes& word(uint64_t value) {
    words_.push_back(value);
    return *this;
  }
  RecordBytes& pair(uint32_t low, uint32_t high) { return word(uint64_t{high} << 32 | low); }
  // Zero-terminated and padded to words.
  RecordBytes& text(std::string_view value) {
    size_t begin = words_.size();
    words_.resize(begin + value.size() / 8 + 1);
    std::memcpy(words_.data() + begin, value.data(), value.size());
    return *this;
  }
  // What follows every record but a sample.
  RecordBytes& id(uint32_t pid, uint32_t tid, uint64_t time, uint64_t event = 1, uint32_t cpu = 0) {
    return pair(pid, tid).word(time).word(event).pair(cpu, 0);
  }
  // What a sample begins with.
  RecordBytes& sample(uint64_t pc, uint32_t pid, uint32_t tid, uint64_t time, uint64_t period,
                      uint64_t event = 1, uint32_t cpu = 0) {
    return word(pc).id(pid, tid, time, event, cpu).word(period);
  }

  std::vector<uint64_t> words() const {
    std::vector<uint64_t> record = words_;
    perf_event_header header{type_, misc_, static_cast<uint16_t>(record.size() * 8)};
    record[0] = std::bit_cast<uint64_t>(header);
    return record;
  }

 private:
  uint32_t type_;
  uint16_t misc_;
  std::vector<uint64_t> words_;
};

}  // namespace rtprof::kernel
