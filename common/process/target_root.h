#pragma once

#include <string>

#include "common/base/fd.h"
#include "common/base/result.h"
#include "common/process/process.h"

namespace rtprof {

// A directory of a process's own file system: an absolute path without "..". Symbolic links are followed as
// the process would, and never out of its root. The descriptor is for *at() calls.
Result<UniqueFd> open_directory_of(const Process& process, const std::string& path);

}  // namespace rtprof
