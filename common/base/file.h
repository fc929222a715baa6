#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/fd.h"
#include "common/base/result.h"
#include "common/base/sink.h"

namespace rtprof {

// The whole of a file, /proc files included.
Result<std::string> read_file(const std::string& path);

// Opens a regular file of somebody else's tree to read it: what stands in its place, such as a pipe, is
// neither waited for nor changed. Not valid where there is none. `more_flags`: of open(2), such as
// O_NOFOLLOW.
UniqueFd open_regular(const std::string& path, int more_flags = 0);

// Gives a file its content. Its own failure ends the writing.
using Fill = std::function<Result<bool>(Sink&)>;

// Writes what `fill` gives so that `path` holds either what it held before or all of it: a temporary file in
// the same directory, then a rename. A path that is no regular file (a pipe, a terminal, /dev/stdout) is
// written directly.
Result<bool> write_file_atomically(const std::string& path, const Fill& fill);

// Writes what `fill` gives to a descriptor; fails with errno, or as `fill` does.
Result<bool> write_all(int fd, const Fill& fill);

// Writes everything to a descriptor; fails with errno.
Result<bool> write_all(int fd, std::string_view bytes);

// The number that a file such as one of /proc/sys begins with.
std::optional<int> read_number(const std::string& path);

// The target of a symbolic link; empty when it cannot be read.
std::string read_link(const std::string& path);

}  // namespace rtprof
