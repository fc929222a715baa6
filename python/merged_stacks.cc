#include "python/merged_stacks.h"

namespace rtprof {

PythonMergedStacks::PythonMergedStacks(const Process& process, const SamplingPlan& plan, Recorder& recorder,
                                       native::Workshop& workshop, PythonStacks& stacks, uint32_t namer)
    : stacks_(stacks),
      namer_(namer),
      code_(process, plan, recorder, workshop),
      loop_("_PyEval_EvalFrameDefault"),
      merged_(std::make_shared<native::MergedStacks>(recorder)),
      merged_namer_(recorder.add_namer(merged_)) {}

void PythonMergedStacks::add(uint64_t hash, std::span<const rt_py_frame> leaf_first, StackEnd end) {
  Walked walked;
  size_t running = 0;
  for (rt_py_frame frame : leaf_first) {
    bool is_entry = (frame.code & RT_PY_ENTRY) != 0;
    frame.code &= ~RT_PY_ENTRY;
    // 0: a frame that is not shown.
    if (uint32_t id = stacks_.intern({&frame, 1}, StackEnd::kComplete)) {
      walked.frames.push_back(id);
      ++running;
    }
    if (is_entry) walked.activations.push_back(std::exchange(running, 0));
  }
  if (running != 0) walked.activations.push_back(running);
  if (end != StackEnd::kComplete) walked.end_mark = stacks_.intern({}, end);
  walked_[hash] = std::move(walked);
}

// What is rootward of all frames.
uint32_t PythonMergedStacks::root_of(const Walked& walked, native::UnwindEnd end) {
  if (walked.end_mark)
    return merged_->child(0, {namer_, *walked.end_mark}, stacks_.unknown(*walked.end_mark));
  if (!walked.frames.empty()) return 0;
  uint32_t root = merged_->child(0, {namer_, stacks_.marker("[native]")}, false);
  std::string_view text = native::unwind_end_text(end);
  if (text.empty()) return root;
  RawStack mark = code_.marker(text);
  return merged_->child(root, mark, code_.unknown(mark));
}

void PythonMergedStacks::find_loops() {
  is_loop_.clear();
  for (const native::MachineFrame& frame : machine_) {
    auto place = code_.find(frame.lookup());
    is_loop_.push_back(place && loop_.contains(*place) ? 1 : 0);
  }
}

std::optional<RawStack> PythonMergedStacks::merge(uint64_t hash, const StackSnapshot& snapshot) {
  auto found = walked_.find(hash);
  if (found == walked_.end()) return std::nullopt;
  Walked& walked = found->second;
  native::UnwindEnd end = code_.unwind(snapshot, machine_);
  find_loops();
  native::merge_at_seams({is_loop_, end, walked.activations, !walked.end_mark}, frames_);
  uint32_t id = root_of(walked, end);
  for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
    switch (frame->kind) {
      case native::SeamFrame::Kind::kMachine:
        id = merged_->child(id, code_.frame(machine_[frame->index]), false);
        break;
      case native::SeamFrame::Kind::kRuntime: {
        uint32_t& python = walked.frames[frame->index];
        python = stacks_.revalidate(python);
        id = merged_->child(id, {namer_, python}, stacks_.unknown(python));
        break;
      }
      case native::SeamFrame::Kind::kTruncated:
        id = merged_->child(id, {namer_, stacks_.marker("[truncated]")}, false);
        break;
      case native::SeamFrame::Kind::kDisagree:
        id = merged_->child(id, {namer_, stacks_.marker("[unknown: native and Python stacks disagree]")},
                            true);
        break;
    }
  }
  return RawStack{merged_namer_, id};
}

}  // namespace rtprof
