#include "common/base/parse.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>
#include <string>

namespace rtprof {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

// A plain decimal number followed by one of the units, matched without regard to case.
std::optional<double> parse_with_unit(std::string_view text, std::span<const Unit> units) {
  double number = 0;
  const char* end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(number) || std::signbit(number)) return std::nullopt;
  std::string suffix(rest, end);
  std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  for (const Unit& unit : units) {
    if (suffix == unit.name) return number * unit.factor;
  }
  return std::nullopt;
}

constexpr std::array<Unit, 8> kDurations{
    {{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}, {"m", 60e9}, {"min", 60e9}, {"h", 3600e9}}};
constexpr std::array<Unit, 6> kRates{
    {{"", 1}, {"hz", 1}, {"k", 1e3}, {"khz", 1e3}, {"m", 1e6}, {"mhz", 1e6}}};
constexpr std::array<Unit, 11> kSizes{{{"", 1},
                                       {"b", 1},
                                       {"k", 1024},
                                       {"kb", 1024},
                                       {"kib", 1024},
                                       {"m", 1048576},
                                       {"mb", 1048576},
                                       {"mib", 1048576},
                                       {"g", 1073741824},
                                       {"gb", 1073741824},
                                       {"gib", 1073741824}}};

}  // namespace

std::optional<Nanoseconds> parse_duration(std::string_view text) {
  auto value = parse_with_unit(text, kDurations);
  if (!value || *value > 9e18) return std::nullopt;
  return static_cast<Nanoseconds>(std::llround(*value));
}

std::optional<double> parse_rate(std::string_view text) {
  auto value = parse_with_unit(text, kRates);
  if (!value || *value <= 0) return std::nullopt;
  return value;
}

std::optional<uint64_t> parse_bytes(std::string_view text) {
  auto value = parse_with_unit(text, kSizes);
  if (!value || *value > 9e18) return std::nullopt;
  return static_cast<uint64_t>(*value);
}

std::optional<double> parse_percent(std::string_view text) {
  constexpr std::array<Unit, 2> kPercent{{{"", 0.01}, {"%", 0.01}}};
  auto value = parse_with_unit(text, kPercent);
  if (!value || *value > 1) return std::nullopt;
  return value;
}

}  // namespace rtprof
