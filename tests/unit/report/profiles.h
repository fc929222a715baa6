#pragma once

#include <string>
#include <string_view>

#include "common/base/sink.h"
#include "common/profile/profile.h"

namespace rtprof {

// Short ways to make profiles by hand.

inline FrameId python_frame(Profile& profile, std::string_view function, std::string_view file, int line) {
  Frame frame;
  frame.kind = FrameKind::kPython;
  frame.function = profile.intern(function);
  frame.file = profile.intern(std::string("/srv/app/") + std::string(file));
  frame.short_file = profile.intern(file);
  frame.line = line;
  return profile.intern(frame);
}

inline FrameId frame_of(Profile& profile, FrameKind kind, std::string_view function, int line = 0) {
  Frame frame;
  frame.kind = kind;
  frame.function = profile.intern(function);
  frame.line = line;
  return profile.intern(frame);
}

inline Sample sample_of(Profile& profile, int tid, StackId stack, int64_t weight, TimePoint start = 0) {
  Sample sample;
  sample.thread = profile.thread_index(100, tid);
  sample.stack = stack;
  sample.weight = weight;
  sample.count = 1;
  sample.start = start;
  sample.duration = weight;
  return sample;
}

// What `write` writes to the sink that it is given.
template <typename Write>
std::string text_of(Write write) {
  StringSink out;
  write(out);
  return out.text();
}

}  // namespace rtprof
