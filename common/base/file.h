#pragma once

#include <string>
#include <string_view>

#include "common/base/fd.h"
#include "common/base/result.h"

namespace rtprof {

// The whole of a file, /proc files included.
Result<std::string> read_file(const std::string& path);

// Writes `bytes` so that `path` holds either what it held before or all of them: a temporary file in the same
// directory, then a rename. A path that is no regular file (a pipe, a terminal, /dev/stdout) is written
// directly.
Result<bool> write_file_atomically(const std::string& path, std::string_view bytes);

// Writes everything to a descriptor; fails with errno.
Result<bool> write_all(int fd, std::string_view bytes);

// The target of a symbolic link; empty when it cannot be read.
std::string read_link(const std::string& path);

}  // namespace rtprof
