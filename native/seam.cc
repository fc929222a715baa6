#include "native/seam.h"

#include <algorithm>

namespace rtprof::native {
namespace {

class Merge {
 public:
  Merge(const SeamInput& input, std::vector<SeamFrame>& leaf_first) : input_(input), out_(leaf_first) {
    out_.clear();
    for (size_t i = 0; i < input.is_loop.size(); ++i) {
      if (input.is_loop[i]) loops_.push_back(i);
    }
  }

  void run() {
    size_t activations = input_.activations.size();
    if (activations == 0 || (loops_.empty() && runs_nothing())) {
      machine(0, input_.is_loop.size());
      return;
    }
    if (loops_.size() == activations + 1 && is_whole()) {
      pair(1);
    } else if (belong_together()) {
      pair(0);
    } else {
      disagree();
    }
  }

 private:
  bool runs_nothing() const {
    return std::all_of(input_.activations.begin(), input_.activations.end(),
                       [](size_t frames) { return frames == 0; });
  }
  bool is_whole() const { return input_.end == UnwindEnd::kComplete && input_.runtime_complete; }

  // From the leaf on, one by one.
  bool belong_together() const {
    size_t activations = input_.activations.size();
    if (!input_.runtime_complete) return loops_.size() >= activations;
    if (input_.end == UnwindEnd::kTruncated || input_.end == UnwindEnd::kTooDeep)
      return loops_.size() <= activations;
    return loops_.size() == activations;
  }

  // Loops from `first` on, counted from the leaf, with the activations from the leafmost on; those without a
  // loop are at the root.
  void pair(size_t first) {
    size_t at = 0;
    for (size_t loop = 0; loop < loops_.size(); ++loop) {
      bool runs_something = loop >= first;
      if (runs_something && loop - first >= input_.activations.size()) break;
      machine(at, loops_[loop]);
      at = loops_[loop] + 1;
      if (runs_something) activation(loop - first);
    }
    // The copy ends below the next loop: what is rootward of the last one was called by the runtime, too.
    if (loops_.size() < input_.activations.size()) {
      machine(at, input_.is_loop.size());
      out_.push_back({SeamFrame::Kind::kTruncated, 0});
    }
    for (size_t left = loops_.size() - first; left < input_.activations.size(); ++left) activation(left);
  }

  void disagree() {
    machine(0, loops_.empty() ? input_.is_loop.size() : loops_.front());
    out_.push_back({SeamFrame::Kind::kDisagree, 0});
    for (size_t i = 0; i < input_.activations.size(); ++i) activation(i);
  }

  void machine(size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) out_.push_back({SeamFrame::Kind::kMachine, i});
  }

  // Called for each in turn, the leafmost first.
  void activation(size_t index) {
    for (size_t i = 0; i < input_.activations[index]; ++i)
      out_.push_back({SeamFrame::Kind::kRuntime, runtime_frames_++});
  }

  const SeamInput& input_;
  std::vector<SeamFrame>& out_;
  std::vector<size_t> loops_;  // indices of machine frames, leaf first
  size_t runtime_frames_ = 0;
};

}  // namespace

void merge_at_seams(const SeamInput& input, std::vector<SeamFrame>& leaf_first) {
  Merge(input, leaf_first).run();
}

}  // namespace rtprof::native
