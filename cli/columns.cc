#include "cli/columns.h"

#include <algorithm>
#include <cwchar>
#include <vector>

namespace rtprof::cli {
namespace {

struct Character {
  std::string_view bytes;
  size_t width;
};

uint32_t code_point(std::string_view bytes) {
  auto lead = static_cast<uint8_t>(bytes.front());
  if (bytes.size() == 1) return lead;
  uint32_t code = lead & (0xffU >> (bytes.size() + 1));
  for (char byte : bytes.substr(1)) code = code << 6 | (static_cast<uint8_t>(byte) & 0x3fU);
  return code;
}

// Of valid UTF-8, which clean_text() makes.
std::vector<Character> characters_of(std::string_view text) {
  std::vector<Character> characters;
  while (!text.empty()) {
    auto lead = static_cast<uint8_t>(text.front());
    size_t length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    std::string_view bytes = text.substr(0, std::min(length, text.size()));
    int width = ::wcwidth(static_cast<wchar_t>(code_point(bytes)));
    characters.push_back({bytes, width < 0 ? 1 : static_cast<size_t>(width)});
    text.remove_prefix(bytes.size());
  }
  return characters;
}

size_t width_of(const std::vector<Character>& characters) {
  size_t width = 0;
  for (const Character& character : characters) width += character.width;
  return width;
}

constexpr std::string_view kEllipsis = "…";

}  // namespace

size_t display_width(std::string_view text) {
  return width_of(characters_of(text));
}

std::string fit_start(std::string_view text, size_t columns) {
  std::vector<Character> characters = characters_of(text);
  size_t width = width_of(characters);
  bool cut = width > columns;
  if (columns == 0) return {};
  while (width > columns - (cut ? 1 : 0)) {
    width -= characters.back().width;
    characters.pop_back();
  }
  std::string out;
  for (const Character& character : characters) out += character.bytes;
  if (cut) out += kEllipsis;
  out.append(columns - width - (cut ? 1 : 0), ' ');
  return out;
}

std::string fit_end(std::string_view text, size_t columns) {
  std::vector<Character> characters = characters_of(text);
  size_t width = width_of(characters);
  if (width <= columns) return fit_start(text, columns);
  if (columns == 0) return {};
  size_t first = 0;
  while (width > columns - 1) width -= characters[first++].width;
  std::string out(kEllipsis);
  for (size_t i = first; i < characters.size(); ++i) out += characters[i].bytes;
  out.append(columns - 1 - width, ' ');
  return out;
}

}  // namespace rtprof::cli
