#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "report/view.h"

namespace rtprof {

// A range of colours: frames of one kind vary within it, so that neighbours can be told apart. Hue in
// degrees, saturation and lightness in percent.
struct ColorRange {
  double hue, hue_span;
  double saturation;
  double lightness, lightness_span;
};

// Ranges by ShownKind. The default gives every kind a hue of its own that stays apart from the others for
// people with any of the common colour blindnesses (after Okabe and Ito's set); the others show one range for
// all.
using Palette = std::array<ColorRange, 10>;

// The words of --colors.
std::vector<std::string> palette_names();

// nullptr for a name that is not known; the default for the empty one.
const Palette* find_palette(std::string_view name);

// "rgb(r,g,b)" of a frame; the same text always has the same colour.
std::string frame_color(const Palette& palette, ShownKind kind, std::string_view text);

// [[hue, hue span, saturation, lightness, lightness span], …] by ShownKind. The default for unknown names.
std::string palette_json(std::string_view name);

}  // namespace rtprof
