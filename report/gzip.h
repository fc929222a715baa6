#pragma once

#include <string>
#include <string_view>

namespace rtprof {

// The bytes as one gzip member without a name or a time, so that equal bytes give equal files.
std::string gzip(std::string_view bytes);

}  // namespace rtprof
