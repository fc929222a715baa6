#include "native/rust_demangle.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <utility>
#include <vector>

#include "native/rust_v0.h"

namespace rtprof::native {
namespace {

constexpr size_t kMaxLegacy = 1 << 16;
constexpr size_t kHashLength = 17;  // 'h' and 16 hexadecimal digits

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// C++ names could look the same; a hash that has fewer than five different digits is not taken for one.
bool is_hash(std::string_view name) {
  if (name.size() != kHashLength || name[0] != 'h') return false;
  std::bitset<16> seen;
  for (char c : name.substr(1)) {
    int digit = hex_digit(c);
    if (digit < 0) return false;
    seen.set(static_cast<size_t>(digit));
  }
  return seen.count() >= 5;
}

// The names between "_ZN" and 'E', the hash last; nothing when the symbol has another form.
std::optional<std::vector<std::string_view>> legacy_names(std::string_view symbol) {
  if (!symbol.starts_with("_ZN") || symbol.size() > kMaxLegacy) return std::nullopt;
  symbol.remove_prefix(3);
  std::vector<std::string_view> names;
  while (!symbol.starts_with('E')) {
    size_t length = 0;
    while (!symbol.empty() && symbol[0] >= '0' && symbol[0] <= '9' && length < kMaxLegacy) {
      length = length * 10 + static_cast<size_t>(symbol[0] - '0');
      symbol.remove_prefix(1);
    }
    if (length == 0 || length > symbol.size()) return std::nullopt;
    names.push_back(symbol.substr(0, length));
    symbol.remove_prefix(length);
  }
  bool is_whole = symbol.size() == 1 || symbol[1] == '.';
  if (!is_whole || names.size() < 2 || !is_hash(names.back())) return std::nullopt;
  return names;
}

// "$LT$" and the like at the start of `name`: its text, and its length there; nothing when it is none.
std::optional<std::pair<char, size_t>> escape(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, char>, 8> kEscapes = {{{"$SP$", '@'},
                                                                                 {"$BP$", '*'},
                                                                                 {"$RF$", '&'},
                                                                                 {"$LT$", '<'},
                                                                                 {"$GT$", '>'},
                                                                                 {"$LP$", '('},
                                                                                 {"$RP$", ')'},
                                                                                 {"$C$", ','}}};
  for (auto [text, character] : kEscapes) {
    if (name.starts_with(text)) return std::pair(character, text.size());
  }
  if (name.size() < 5 || name[1] != 'u' || name[4] != '$') return std::nullopt;
  int high = hex_digit(name[2]);
  int low = hex_digit(name[3]);
  int code = high * 16 + low;
  if (high < 0 || low < 0 || code < ' ' || code > '~') return std::nullopt;
  return std::pair(static_cast<char>(code), size_t{5});
}

void append_name(std::string_view name, std::string& path) {
  if (name.starts_with("_$")) name.remove_prefix(1);
  while (!name.empty()) {
    if (name.starts_with("..")) {
      path += "::";
      name.remove_prefix(2);
      continue;
    }
    auto escaped = name[0] == '$' ? escape(name) : std::nullopt;
    path += escaped ? escaped->first : name[0];
    name.remove_prefix(escaped ? escaped->second : 1);
  }
}

}  // namespace

std::optional<std::string> demangle_rust(std::string_view symbol) {
  if (symbol.starts_with("_R")) return demangle_rust_v0(symbol);
  auto names = legacy_names(symbol);
  if (!names) return std::nullopt;
  std::string path;
  for (size_t i = 0; i + 1 < names->size(); ++i) {
    if (i != 0) path += "::";
    append_name((*names)[i], path);
  }
  return path;
}

}  // namespace rtprof::native
