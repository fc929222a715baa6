#include "report/units.h"

#include <fmt/format.h>

#include <array>
#include <span>
#include <string_view>

namespace rtprof {
namespace {

struct Unit {
  double from;  // what would round to 1000 of the next smaller unit is of this one
  double size;
  std::string_view name;
};

constexpr std::array<Unit, 6> kTimes{{{3600e9, 3600e9, "h"},
                                      {600e9, 60e9, "min"},
                                      {0.9995e9, 1e9, "s"},
                                      {0.9995e6, 1e6, "ms"},
                                      {0.9995e3, 1e3, "µs"},
                                      {0, 1, "ns"}}};
constexpr std::array<Unit, 5> kSizes{{{0x1p40, 0x1p40, "TiB"},
                                      {0x1p30, 0x1p30, "GiB"},
                                      {0x1p20, 0x1p20, "MiB"},
                                      {0x1p10, 0x1p10, "KiB"},
                                      {0, 1, "B"}}};

// Three digits that mean something.
std::string number(double value) {
  int decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return fmt::format("{:.{}f}", value, decimals);
}

}  // namespace

std::string weight_text(Event event, int64_t weight) {
  std::span<const Unit> units = is_time_event(event) ? std::span<const Unit>(kTimes) : kSizes;
  auto value = static_cast<double>(weight);
  for (const Unit& unit : units) {
    if (value < unit.from) continue;
    return fmt::format("{} {}", unit.size == 1 ? fmt::to_string(weight) : number(value / unit.size),
                       unit.name);
  }
  return fmt::format("{} {}", weight, units.back().name);
}

std::string grouped(int64_t number) {
  std::string digits = fmt::to_string(number);
  size_t sign = number < 0 ? 1 : 0;
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > sign && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

double percent(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace rtprof
