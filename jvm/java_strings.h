#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace rtprof::jvm {

// The characters of a java.lang.String as UTF-8.
// One byte each (from JDK 9 on, where all of them fit).
std::string utf8_of_latin1(std::span<const uint8_t> characters);
// Two bytes each; half of a surrogate pair becomes U+FFFD. An odd byte at the end is left out.
std::string utf8_of_utf16(std::span<const uint8_t> characters);

}  // namespace rtprof::jvm
