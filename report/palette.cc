#include "report/palette.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>

namespace rtprof {
namespace {

constexpr ColorRange kGrey{220, 0, 6, 80, 6};

constexpr Palette by_kind() {
  return {{
      {31, 12, 85, 68, 8},    // Python: orange
      {162, 12, 45, 60, 10},  // Java: bluish green
      {203, 10, 72, 70, 8},   // Go: sky blue
      {56, 6, 72, 68, 8},     // native: yellow
      {8, 8, 62, 62, 8},      // kernel: vermillion
      {325, 10, 45, 74, 8},   // type: reddish purple
      {0, 0, 0, 76, 4},       // unknown
      {222, 8, 22, 80, 4},    // process
      {222, 8, 18, 85, 4},    // thread
      {222, 8, 12, 90, 2},    // reason
  }};
}

// One range for the frames of all runtimes, grey for what stands above a stack.
constexpr Palette uniform(ColorRange range) {
  return {{range, range, range, range, range, range, kGrey, kGrey, kGrey, kGrey}};
}

struct Named {
  std::string_view name;
  Palette palette;
};

// The names that flamegraph.pl has; its palettes for runtimes colour by kind, which the default does for all.
constexpr std::array<Named, 16> kPalettes{{
    {"kind", by_kind()},
    {"java", by_kind()},
    {"js", by_kind()},
    {"perl", by_kind()},
    {"hot", uniform({26, 52, 88, 62, 10})},
    {"mem", uniform({140, 50, 50, 62, 10})},
    {"io", uniform({225, 40, 60, 74, 10})},
    {"wakeup", uniform({180, 16, 40, 66, 12})},
    {"chain", uniform({208, 40, 45, 68, 10})},
    {"aqua", uniform({180, 16, 50, 62, 12})},
    {"blue", uniform({208, 16, 65, 70, 12})},
    {"green", uniform({120, 16, 45, 64, 12})},
    {"orange", uniform({34, 12, 88, 64, 10})},
    {"purple", uniform({285, 20, 45, 74, 10})},
    {"red", uniform({6, 10, 75, 68, 12})},
    {"yellow", uniform({54, 10, 75, 64, 10})},
}};

// FNV-1a; viewer/palette.js computes the same.
uint32_t hash(std::string_view text) {
  uint32_t value = 2166136261U;
  for (char c : text) value = (value ^ static_cast<uint8_t>(c)) * 16777619U;
  return value;
}

// The module's part of a frame's text decides its colour, so that lines of one function look alike.
std::string_view without_line(std::string_view text) {
  size_t colon = text.rfind(':');
  return colon == std::string_view::npos || colon == 0 ? text : text.substr(0, colon);
}

int channel(double hue, double saturation, double lightness, double offset) {
  double k = std::fmod(offset + hue / 30, 12);
  double a = saturation * std::min(lightness, 1 - lightness);
  double level = lightness - a * std::max(-1.0, std::min({k - 3, 9 - k, 1.0}));
  return static_cast<int>(std::lround(level * 255));
}

}  // namespace

std::vector<std::string> palette_names() {
  std::vector<std::string> names;
  names.reserve(kPalettes.size());
  for (const Named& known : kPalettes) names.emplace_back(known.name);
  return names;
}

const Palette* find_palette(std::string_view name) {
  if (name.empty()) return &kPalettes[0].palette;
  for (const Named& known : kPalettes) {
    if (known.name == name) return &known.palette;
  }
  return nullptr;
}

std::string frame_color(const Palette& palette, ShownKind kind, std::string_view text) {
  const ColorRange& range = palette[static_cast<size_t>(kind)];
  uint32_t value = hash(without_line(text));
  double first = (value & 0xff) / 255.0 - 0.5;
  double second = (value >> 8 & 0xff) / 255.0 - 0.5;
  double hue = std::fmod(range.hue + first * range.hue_span + 360, 360);
  double lightness = (range.lightness + second * range.lightness_span) / 100;
  return fmt::format("rgb({},{},{})", channel(hue, range.saturation / 100, lightness, 0),
                     channel(hue, range.saturation / 100, lightness, 8),
                     channel(hue, range.saturation / 100, lightness, 4));
}

std::string palette_json(std::string_view name) {
  const Palette* palette = find_palette(name);
  if (!palette) palette = find_palette("");
  std::string out = "[";
  for (const ColorRange& range : *palette) {
    fmt::format_to(std::back_inserter(out), "[{},{},{},{},{}],", range.hue, range.hue_span, range.saturation,
                   range.lightness, range.lightness_span);
  }
  out.back() = ']';
  return out;
}

}  // namespace rtprof
