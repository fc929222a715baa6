#include "python/version.h"

#include <fmt/core.h>

#include <charconv>

namespace rtprof {
namespace {

// Takes a number off the front of `text`; nothing when there is none or it is no version number.
std::optional<uint8_t> take_number(std::string_view& text) {
  uint8_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

constexpr struct {
  std::string_view text;
  uint8_t level;
} kLevels[] = {
    {"a", PythonVersion::kAlpha},
    {"b", PythonVersion::kBeta},
    {"rc", PythonVersion::kCandidate},
};

}  // namespace

PythonVersion PythonVersion::from_hex(uint64_t hex) {
  PythonVersion version;
  version.major = static_cast<uint8_t>(hex >> 24);
  version.minor = static_cast<uint8_t>(hex >> 16);
  version.micro = static_cast<uint8_t>(hex >> 8);
  version.level = static_cast<uint8_t>(hex >> 4) & 0xf;
  version.serial = static_cast<uint8_t>(hex) & 0xf;
  return version;
}

std::optional<PythonVersion> PythonVersion::parse(std::string_view text) {
  PythonVersion version;
  auto major = take_number(text);
  if (!major || !take(text, ".")) return std::nullopt;
  auto minor = take_number(text);
  if (!minor || !take(text, ".")) return std::nullopt;
  auto micro = take_number(text);
  if (!micro) return std::nullopt;
  version.major = *major;
  version.minor = *minor;
  version.micro = *micro;
  for (const auto& level : kLevels) {
    if (!take(text, level.text)) continue;
    auto serial = take_number(text);
    if (!serial) return std::nullopt;
    version.level = level.level;
    version.serial = *serial;
    break;
  }
  take(text, "+");  // a build from the repository
  if (!text.empty()) return std::nullopt;
  return version;
}

std::string PythonVersion::text() const {
  if (!micro_known) return fmt::format("{}.{}", major, minor);
  std::string text = fmt::format("{}.{}.{}", major, minor, micro);
  for (const auto& known : kLevels) {
    if (known.level == level) text += fmt::format("{}{}", known.text, serial);
  }
  return text;
}

std::optional<PythonVersion> python_version_of_path(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  take(name, "lib");
  if (!take(name, "python")) return std::nullopt;
  PythonVersion version;
  version.micro_known = false;
  auto major = take_number(name);
  if (!major || !take(name, ".")) return std::nullopt;
  auto minor = take_number(name);
  if (!minor) return std::nullopt;
  version.major = *major;
  version.minor = *minor;
  return version;
}

}  // namespace rtprof
