#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/clock.h"

namespace rtprof {

// Each returns nothing for text that is not wholly of the form, for negative values and for overflow.

// "5", "2.5" (seconds), "500ms", "10us", "2m", "1h".
std::optional<Nanoseconds> parse_duration(std::string_view text);

// Samples a second: "99", "1k", "100khz", "250hz". Greater than zero.
std::optional<double> parse_rate(std::string_view text);

// Bytes, powers of two: "4096", "512k", "1M", "2g", "64KiB".
std::optional<uint64_t> parse_bytes(std::string_view text);

// "10", "10%", "2.5%" → 0.1, 0.1, 0.025; between 0 and 1.
std::optional<double> parse_percent(std::string_view text);

}  // namespace rtprof
