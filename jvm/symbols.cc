#include "jvm/symbols.h"

#include <algorithm>
#include <array>

namespace rtprof::jvm {
namespace {

constexpr size_t kShortSymbol = 64;

}  // namespace

std::optional<std::string> symbol_text(const Memory& memory, const Layout& layout, Address symbol) {
  // Most are short, and read at once with their length.
  std::array<uint8_t, kShortSymbol> start{};
  bool at_once = memory.read(symbol, start.data(), start.size());
  auto length = at_once ? layout.symbol_length.in(start) : layout.symbol_length.at(memory, symbol);
  if (!length || *length <= 0 || *length > UINT16_MAX) return std::nullopt;
  std::string text(*length, '\0');
  if (at_once && layout.symbol_body + text.size() <= start.size()) {
    std::copy_n(start.begin() + layout.symbol_body, text.size(), text.begin());
  } else if (!memory.read(symbol + layout.symbol_body, text.data(), text.size())) {
    return std::nullopt;
  }
  return text;
}

}  // namespace rtprof::jvm
