#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rtprof {

// A CPython version as PY_VERSION_HEX (Include/patchlevel.h) has it.
struct PythonVersion {
  uint8_t major = 0;
  uint8_t minor = 0;
  uint8_t micro = 0;
  uint8_t level = kFinal;  // of the release
  uint8_t serial = 0;
  bool micro_known = true;  // false when only the path of the file told the version

  static constexpr uint8_t kAlpha = 0xa;
  static constexpr uint8_t kBeta = 0xb;
  static constexpr uint8_t kCandidate = 0xc;
  static constexpr uint8_t kFinal = 0xf;

  static PythonVersion from_hex(uint64_t hex);
  // PY_VERSION: "3.14.0rc1", "3.9.2+". Nothing when the text is no such version.
  static std::optional<PythonVersion> parse(std::string_view text);

  // "3.14.0", "3.15.0a3", "3.9" when the micro version is not known.
  std::string text() const;
  bool operator==(const PythonVersion&) const = default;
};

// The version in the name of an interpreter or of its library: "/usr/bin/python3.9", "libpython3.9d.so.1.0".
// Nothing when the name does not tell.
std::optional<PythonVersion> python_version_of_path(std::string_view path);

}  // namespace rtprof
