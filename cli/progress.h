#pragma once

#include <cstdint>

#include "common/base/clock.h"

namespace rtprof::cli {

// One line on standard error that is rewritten while a recording runs; nothing where that is no terminal.
class Progress {
 public:
  // `duration` 0: until interrupted.
  Progress(bool quiet, Nanoseconds duration);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(Nanoseconds elapsed, uint64_t samples);
  // Removes the line.
  void clear();

 private:
  bool active_;
  bool shown_ = false;
  Nanoseconds duration_;
};

}  // namespace rtprof::cli
