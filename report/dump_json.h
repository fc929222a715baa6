#pragma once

#include <string>

#include "common/profile/thread_dump.h"

namespace rtprof {

// A dump for programs: {pid, runtime, version, command, deadlocks, tasks, threads, notes}. Frames are leaf
// first; `locals` is there when variables were asked for.
std::string dump_json(const ThreadDump& dump, bool full_filenames, bool variables);

}  // namespace rtprof
