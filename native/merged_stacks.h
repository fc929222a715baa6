#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#include "common/sampler/recorder.h"

namespace rtprof::native {

// Stacks that are put together from frames of several namers: each frame is a stack of its own there. A tree,
// so that stacks with common callers are small.
//
// One thread samples: child() is its own. name() runs beside it on the recorder's.
class MergedStacks final : public StackNamer {
 public:
  explicit MergedStacks(const Recorder& recorder) : recorder_(recorder), nodes_(1) {}

  // The stack of `frame` called by `callers`; 0 is the empty stack. `unknown`: the frame stands for something
  // that could not be read.
  uint32_t child(uint32_t callers, RawStack frame, bool unknown);
  // True when one of its frames is.
  bool unknown(uint32_t id) const { return nodes_[id].unknown; }

  void name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) override;

 private:
  struct Node {
    uint32_t callers = 0;
    RawStack frame;
    bool unknown = false;
  };

  const Recorder& recorder_;
  std::mutex mutex_;  // of nodes_, which the sampling thread alone changes
  std::deque<Node> nodes_;
  std::map<std::tuple<uint32_t, uint32_t, uint32_t>, uint32_t> ids_;  // by callers, namer and id of the frame
};

}  // namespace rtprof::native
