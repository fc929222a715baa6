#include "python/dumped_frames.h"

namespace rtprof {

std::vector<DumpedFrame> dumped_frames(PythonStacks& stacks, uint32_t stack) {
  Profile profile;
  std::vector<FrameId> root_first;
  stacks.name(stack, profile, root_first);
  std::vector<DumpedFrame> frames;
  for (auto id = root_first.rbegin(); id != root_first.rend(); ++id) {
    const Frame& frame = profile.frame(*id);
    frames.push_back({.kind = frame.kind,
                      .function = std::string(profile.string(frame.function)),
                      .file = std::string(profile.string(frame.file)),
                      .short_file = std::string(profile.string(frame.short_file)),
                      .line = frame.line});
  }
  return frames;
}

}  // namespace rtprof
