#include "report/text.h"

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>

namespace rtprof {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

struct Decoded {
  uint32_t code = 0;
  size_t length = 0;  // 0: no valid character starts here
};

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF; nor U+FFFE and U+FFFF, which XML
// forbids.
Decoded decode(std::string_view bytes) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || bytes.size() < length) return {};
  uint32_t code = lead & (0xffU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3fU);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  bool surrogate = code >= 0xd800 && code <= 0xdfff;
  bool forbidden = surrogate || code == 0xfffe || code == 0xffff;
  if (code < kSmallest[length] || code > 0x10ffff || forbidden) return {};
  return {code, length};
}

bool is_control(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029;
}

// Calls `emit` for each character of the cleaned text, as bytes.
template <typename Emit>
void for_each_clean(std::string_view bytes, Emit emit) {
  while (!bytes.empty()) {
    Decoded character = decode(bytes);
    if (character.length == 0) {
      emit(kReplacement);
      bytes.remove_prefix(1);
      continue;
    }
    emit(is_control(character.code) ? std::string_view(" ") : bytes.substr(0, character.length));
    bytes.remove_prefix(character.length);
  }
}

}  // namespace

std::string clean_text(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for_each_clean(bytes, [&](std::string_view character) { out += character; });
  return out;
}

std::string clean_frame_text(std::string_view bytes) {
  std::string out = clean_text(bytes);
  for (char& c : out) {
    if (c == ';') c = ':';
  }
  return out;
}

void append_json_string(std::string& out, std::string_view bytes) {
  out += '"';
  for_each_clean(bytes, [&](std::string_view character) {
    switch (character[0]) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '<':
        out += "\\u003c";
        break;
      case '>':
        out += "\\u003e";
        break;
      case '&':
        out += "\\u0026";
        break;
      default:
        out += character;
    }
  });
  out += '"';
}

std::string json_string(std::string_view bytes) {
  std::string out;
  append_json_string(out, bytes);
  return out;
}

std::string markup_text(std::string_view bytes) {
  std::string out;
  for_each_clean(bytes, [&](std::string_view character) {
    switch (character[0]) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += character;
    }
  });
  return out;
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;  // the last '*' seen, and where its run ends so far
  size_t star_end = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_end = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_end;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace rtprof
