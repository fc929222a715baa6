#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rtprof::jvm {

// Reads HotSpot's compressed numbers (UNSIGNED5, code/compressedStream.hpp and utilities/unsigned5.hpp) from
// bytes that may be anything: what lies beyond the end reads as 0, and ok() tells.
//
// Digits of base 64, the lowest first, up to five of them: a byte from `low` on is a digit that more digits
// follow. Where no byte is zero, all bytes stand for one less.
class CompressedStream {
 public:
  // `without_zero`: Layout::numbers_without_zero.
  CompressedStream(std::span<const uint8_t> bytes, size_t position, bool without_zero)
      : bytes_(bytes), position_(position), excluded_(without_zero ? 1 : 0) {}

  bool ok() const { return ok_; }
  size_t position() const { return position_; }

  uint8_t byte() {
    if (position_ >= bytes_.size()) {
      ok_ = false;
      return 0;
    }
    return bytes_[position_++];
  }

  uint32_t number() {
    constexpr int kMostDigits = 5;
    constexpr uint32_t kHighBytes = 64;
    const uint32_t low = 256 - kHighBytes;
    uint32_t sum = 0;
    for (int digit = 0; digit < kMostDigits && ok_; ++digit) {
      uint32_t value = byte();
      sum += (value - excluded_) << (6 * digit);
      if (value < low) break;
    }
    return ok_ ? sum : 0;
  }

  int32_t signed_number() {
    uint32_t value = number();
    return static_cast<int32_t>((value >> 1) ^ (~(value & 1) + 1));
  }

 private:
  std::span<const uint8_t> bytes_;
  size_t position_;
  uint32_t excluded_;
  bool ok_ = true;
};

}  // namespace rtprof::jvm
