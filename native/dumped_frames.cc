#include "native/dumped_frames.h"

#include <fmt/core.h>

#include <string>

namespace rtprof::native {
namespace {

// What stands for a function without a symbol.
std::string module_mark(const std::string& path) {
  return fmt::format("[{}]", path.empty() ? "unknown" : path.substr(path.rfind('/') + 1));
}

}  // namespace

void append_dumped_frames(const MachineFrame& frame, const Process& process, AddressSpace& space,
                          Symbolizer& symbolizer, Profile& profile, std::vector<DumpedFrame>& leaf_first) {
  auto place = space.find(frame.lookup()).value_or(AddressSpace::Place{nullptr, frame.lookup()});
  std::vector<FrameId> named;
  symbolizer.frames(place, process, true, profile, named);
  for (FrameId id : named) {
    const Frame& found = profile.frame(id);
    std::string module(profile.string(found.module));
    std::string function(profile.string(found.function));
    if (function.empty()) function = module_mark(module);
    leaf_first.push_back({.kind = found.kind,
                          .function = function,
                          .file = std::string(profile.string(found.file)),
                          .module = module,
                          .line = found.line});
  }
}

}  // namespace rtprof::native
