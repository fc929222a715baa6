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

void PythonMergedStacks::add(uint64_t hash, std::span<const rt_py_frame> marked, StackEnd end) {
  walked_[hash] = walked_stack(stacks_, marked, end);
}

// What is rootward of all frames.
uint32_t PythonMergedStacks::root_of(const WalkedStack& walked, native::UnwindEnd end) {
  if (walked.end_mark)
    return merged_->child(0, {namer_, *walked.end_mark}, stacks_.unknown(*walked.end_mark));
  if (!walked.frames.empty()) return 0;
  uint32_t root = merged_->child(0, {namer_, stacks_.marker("[native]")}, false);
  std::string_view text = native::unwind_end_text(end);
  if (text.empty()) return root;
  RawStack mark = code_.marker(text);
  return merged_->child(root, mark, code_.unknown(mark));
}

uint32_t PythonMergedStacks::python_child(uint32_t callers, uint32_t python) {
  return merged_->child(callers, {namer_, python}, stacks_.unknown(python));
}

RawStack PythonMergedStacks::merge(const WalkedStack& walked, const StackSnapshot& snapshot) {
  native::UnwindEnd end = code_.unwind(snapshot, machine_);
  std::vector<uint8_t> is_loop = loop_.marks(code_.space(), machine_);
  native::merge_at_seams({is_loop, end, walked.activations, !walked.end_mark}, frames_);
  uint32_t id = root_of(walked, end);
  for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
    switch (frame->kind) {
      case native::SeamFrame::Kind::kMachine:
        id = merged_->child(id, code_.frame(machine_[frame->index]), false);
        break;
      case native::SeamFrame::Kind::kRuntime:
        id = python_child(id, walked.frames[frame->index]);
        break;
      case native::SeamFrame::Kind::kTruncated:
        id = python_child(id, stacks_.marker("[truncated]"));
        break;
      case native::SeamFrame::Kind::kDisagree:
        id = python_child(id, stacks_.marker(seam_mark(snapshot)));
        break;
    }
  }
  return {merged_namer_, id};
}

RawStack PythonMergedStacks::without_machine(const WalkedStack& walked) {
  uint32_t id = root_of(walked, native::UnwindEnd::kComplete);
  for (auto frame = walked.frames.rbegin(); frame != walked.frames.rend(); ++frame)
    id = python_child(id, *frame);
  return {merged_namer_, python_child(id, stacks_.marker(kNoMachineStack))};
}

std::optional<RawStack> PythonMergedStacks::merge(uint64_t hash, const StackSnapshot& snapshot) {
  auto found = walked_.find(hash);
  if (found == walked_.end()) return std::nullopt;
  // It may be long ago that it was told.
  for (uint32_t& python : found->second.frames) python = stacks_.revalidate(python);
  return merge(found->second, snapshot);
}

}  // namespace rtprof
