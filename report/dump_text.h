#pragma once

#include <string>

#include "common/profile/thread_dump.h"

namespace rtprof {

// A dump for people: each thread with its state and its frames, leaf first, then tasks and notes.
//
//   Process 12: python3 app.py
//   Python v3.13.5 (/usr/bin/python3.13)
//
//   Thread 12 (running+gil): "MainThread"
//       price (shop/app.py:20)
//       quote (shop/app.py:31)
std::string dump_text(const ThreadDump& dump, bool full_filenames);

}  // namespace rtprof
