#include "cli/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

namespace rtprof::cli {

Progress::Progress(bool quiet, Nanoseconds duration)
    : active_(!quiet && ::isatty(STDERR_FILENO) != 0), duration_(duration) {}

Progress::~Progress() {
  clear();
}

void Progress::show(Nanoseconds elapsed, uint64_t samples) {
  if (!active_) return;
  double seconds = static_cast<double>(elapsed) / 1e9;
  if (duration_ != 0) {
    fmt::print(stderr,
               "\r\033[Krecording {:.0f} of {:.0f} s, {} samples (Ctrl-C ends it and writes the result)",
               seconds, static_cast<double>(duration_) / 1e9, samples);
  } else {
    fmt::print(stderr, "\r\033[Krecording {:.0f} s, {} samples (Ctrl-C ends it and writes the result)",
               seconds, samples);
  }
  std::fflush(stderr);
  shown_ = true;
}

void Progress::clear() {
  if (shown_) fmt::print(stderr, "\r\033[K");
  shown_ = false;
}

}  // namespace rtprof::cli
