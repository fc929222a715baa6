#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/profile/event.h"

namespace rtprof {

// What to show of a profile, and how. The defaults are those of the command line.
struct ReportOptions {
  // Which samples.
  std::optional<Event> event;        // none: all, where the format holds several
  std::optional<int32_t> pid;        // none: every process
  std::vector<std::string> include;  // -I: keep stacks with a frame that matches any of these
  std::vector<std::string> exclude;  // -X: then drop stacks with a frame that matches any of these

  // Frames.
  bool processes = false;     // "process PID: COMMAND" at the root
  bool threads = false;       // "NAME tid=N" at the root
  bool reasons = true;        // "[running]" and the like, in wall and offcpu
  std::optional<bool> lines;  // line numbers; none: for Python only
  bool full_filenames = false;

  // Weights of collapsed and svg: nanoseconds instead of sampling periods.
  bool total = false;

  // The picture.
  bool reverse = false;    // callers grow out of the leaf
  bool inverted = false;   // roots at the top
  double min_width = 0.1;  // pixels; narrower frames of an svg are left out
  std::string colors;      // palette; empty: by kind of frame
  std::string title;       // empty: made from the target and the event

  // Tables.
  enum class Sort : uint8_t { kSelf, kTotal };
  Sort sort = Sort::kSelf;
  // kFunction: functions of one name in one file are one row; kDefinition: each where it is defined is its
  // own.
  enum class By : uint8_t { kFunction, kLine, kModule, kThread, kDefinition };
  By by = By::kFunction;
  size_t rows = 30;  // 0: all
};

}  // namespace rtprof
