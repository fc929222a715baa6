#include "jvm/jfr_bytes.h"

namespace rtprof::jvm {
namespace {

constexpr size_t kMostTextBytes = 1 << 16;

// Of UTF-16's code units; surrogates are kept as they are, which is what Java calls modified UTF-8.
void append_utf8(std::string& text, uint32_t unit) {
  if (unit < 0x80) {
    text += static_cast<char>(unit);
  } else if (unit < 0x800) {
    text += static_cast<char>(0xc0 | unit >> 6);
    text += static_cast<char>(0x80 | (unit & 0x3f));
  } else {
    text += static_cast<char>(0xe0 | (unit >> 12 & 0xf));
    text += static_cast<char>(0x80 | (unit >> 6 & 0x3f));
    text += static_cast<char>(0x80 | (unit & 0x3f));
  }
}

}  // namespace

uint8_t JfrBytes::byte() {
  if (at_ >= bytes_.size()) ok_ = false;
  return ok_ ? bytes_[at_++] : 0;
}

uint64_t JfrBytes::number() {
  constexpr int kWholeByte = 56;  // bits before the ninth
  uint64_t value = 0;
  for (int shift = 0; shift < kWholeByte; shift += 7) {
    uint8_t next = byte();
    value |= static_cast<uint64_t>(next & 0x7f) << shift;
    if (next < 0x80) return value;
  }
  return value | static_cast<uint64_t>(byte()) << kWholeByte;
}

void JfrBytes::skip(size_t size) {
  if (size > left()) ok_ = false;
  if (ok_) at_ += size;
}

size_t JfrBytes::count() {
  uint64_t wanted = number();
  if (wanted > left()) ok_ = false;
  return ok_ ? static_cast<size_t>(wanted) : 0;
}

bool JfrBytes::spend() {
  if (steps_left_ == 0) ok_ = false;
  if (ok_) --steps_left_;
  return ok_;
}

JfrText JfrBytes::text() {
  enum : uint8_t { kNull, kEmpty, kConstant, kUtf8, kCharacters, kLatin1 };
  JfrText text;
  uint8_t encoding = byte();
  if (encoding == kNull || encoding == kEmpty) return text;
  if (encoding == kConstant) {
    text.constant = number();
    return text;
  }
  size_t size = count();
  if (encoding > kLatin1) ok_ = false;
  size_t kept = size < kMostTextBytes ? size : kMostTextBytes;
  for (size_t i = 0; ok_ && i < size; ++i) {
    uint64_t unit = encoding == kCharacters ? number() : byte();
    if (i >= kept) continue;
    if (encoding == kUtf8) {
      text.text += static_cast<char>(unit);
    } else {
      append_utf8(text.text, static_cast<uint32_t>(unit & 0xffff));
    }
  }
  return text;
}

}  // namespace rtprof::jvm
