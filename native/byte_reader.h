#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace rtprof::native {

// Reads the little-endian numbers of DWARF from bytes that may be damaged: what lies beyond the end reads as
// 0, and ok() tells.
class ByteReader {
 public:
  explicit ByteReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return position_ == bytes_.size(); }
  // From the first byte.
  size_t position() const { return position_; }

  template <typename T>
  T fixed() {
    T value{};
    auto from = take(sizeof value);
    if (ok_) std::memcpy(&value, from.data(), sizeof value);
    return value;
  }
  uint8_t u8() { return fixed<uint8_t>(); }

  // Bits beyond the 64th are dropped.
  uint64_t uleb() {
    unsigned shift = 0;
    return leb(shift);
  }
  int64_t sleb() {
    unsigned shift = 0;
    uint64_t value = leb(shift);
    bool is_negative = ok_ && (bytes_[position_ - 1] & 0x40) != 0;
    if (is_negative && shift < 64) value |= ~uint64_t{0} << shift;
    return static_cast<int64_t>(value);
  }

  // Empty when there are fewer.
  std::span<const uint8_t> take(uint64_t size) {
    if (size > bytes_.size() - position_) {
      ok_ = false;
      position_ = bytes_.size();
      return {};
    }
    auto taken = bytes_.subspan(position_, size);
    position_ += size;
    return taken;
  }

 private:
  uint64_t leb(unsigned& shift) {
    uint64_t value = 0;
    uint8_t byte = 0x80;
    while (ok_ && (byte & 0x80) != 0) {
      byte = u8();
      if (shift < 64) {
        value |= static_cast<uint64_t>(byte & 0x7f) << shift;
        shift += 7;
      }
    }
    return value;
  }

  std::span<const uint8_t> bytes_;
  size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace rtprof::native
