#include "jvm/java_strings.h"

namespace rtprof::jvm {
namespace {

constexpr uint32_t kReplacement = 0xfffd;
constexpr uint32_t kBeyondOneUnit = 0x10000;

bool is_high_surrogate(uint32_t unit) {
  return unit >= 0xd800 && unit < 0xdc00;
}

bool is_low_surrogate(uint32_t unit) {
  return unit >= 0xdc00 && unit < 0xe000;
}

void append_utf8(std::string& text, uint32_t code) {
  auto append = [&](uint32_t byte) { text += static_cast<char>(byte); };
  auto append_rest = [&](int shift) { append(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) {
    append(code);
  } else if (code < 0x800) {
    append(0xc0 | code >> 6);
    append_rest(0);
  } else if (code < kBeyondOneUnit) {
    append(0xe0 | code >> 12);
    append_rest(6);
    append_rest(0);
  } else {
    append(0xf0 | code >> 18);
    append_rest(12);
    append_rest(6);
    append_rest(0);
  }
}

}  // namespace

std::string utf8_of_latin1(std::span<const uint8_t> characters) {
  std::string text;
  for (uint8_t character : characters) append_utf8(text, character);
  return text;
}

std::string utf8_of_utf16(std::span<const uint8_t> characters) {
  std::string text;
  auto unit = [&](size_t i) -> uint32_t { return characters[2 * i] | characters[2 * i + 1] << 8; };
  const size_t count = characters.size() / 2;
  for (size_t i = 0; i < count; ++i) {
    uint32_t code = unit(i);
    bool is_pair = is_high_surrogate(code) && i + 1 < count && is_low_surrogate(unit(i + 1));
    if (is_pair) {
      code = kBeyondOneUnit + ((code - 0xd800) << 10) + (unit(i + 1) - 0xdc00);
      ++i;
    } else if (is_high_surrogate(code) || is_low_surrogate(code)) {
      code = kReplacement;
    }
    append_utf8(text, code);
  }
  return text;
}

}  // namespace rtprof::jvm
