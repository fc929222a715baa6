#include "python/dump_merge.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "native/dumped_frames.h"
#include "native/seam.h"
#include "python/walked_stack.h"

namespace rtprof {
namespace {

constexpr size_t kMostStackBytes = 1 << 20;

std::string stacks_text(size_t count) {
  return count == 1 ? "1 stack lacks" : fmt::format("{} stacks lack", count);
}

}  // namespace

DumpMerge::DumpMerge(const Process& process, PythonStacks& stacks)
    : process_(process),
      stacks_(stacks),
      moment_(process, kMostStackBytes),
      no_registers_(moment_.use_bpf()),
      space_(process, workshop_.binaries),
      unwinder_(space_, workshop_.unwind_tables, UnwindMethod::kAuto),
      loop_("_PyEval_EvalFrameDefault") {}

void DumpMerge::witness(const SampledThread& thread, const RemoteWalker::Walk& walk, PullReader::Hold hold) {
  moment_.take(thread, hold);
  last_.hold = hold;
  last_.end = walk.end;
  last_.marked.assign(walk.marked.begin(), walk.marked.end());
}

DumpMerge::Taken DumpMerge::taken() const {
  Taken taken = last_;
  taken.machine = moment_.stack();
  if (taken.machine) taken.bytes.assign(taken.machine->stack.begin(), taken.machine->stack.end());
  return taken;
}

void DumpMerge::forget() {
  moment_.forget();
  last_ = {};
}

std::vector<DumpedFrame> DumpMerge::named(const native::MachineFrame& frame) {
  std::vector<DumpedFrame> frames;
  native::append_dumped_frames(frame, process_, space_, *workshop_.symbolizer, profile_, frames);
  return frames;
}

std::vector<DumpedFrame> DumpMerge::merged(const Taken& taken, std::vector<DumpedFrame> python) {
  size_t& missing = taken.hold == PullReader::Hold::kSleep ? missing_asleep_ : missing_running_;
  if (!taken.machine) {
    ++missing;
    return python;
  }
  WalkedStack walked;
  if (taken.end != StackEnd::kThreadGone) walked = walked_stack(stacks_, taken.marked, taken.end);
  std::vector<native::MachineFrame> machine;
  StackSnapshot snapshot = *taken.machine;
  snapshot.stack = taken.bytes;
  native::UnwindEnd end = unwinder_.unwind(snapshot, machine);
  std::vector<uint8_t> is_loop = loop_.marks(space_, machine);
  std::vector<native::SeamFrame> seams;
  native::merge_at_seams({is_loop, end, walked.activations, !walked.end_mark}, seams);

  std::vector<DumpedFrame> frames;
  for (const native::SeamFrame& frame : seams) {
    if (frame.kind == native::SeamFrame::Kind::kMachine) {
      std::ranges::move(named(machine[frame.index]), std::back_inserter(frames));
    } else if (frame.kind == native::SeamFrame::Kind::kDisagree) {
      if (snapshot.known != StackSnapshot::kAllKnown) ++missing;
      frames.push_back({.function = std::string(seam_mark(snapshot))});
    } else if (frame.kind == native::SeamFrame::Kind::kTruncated) {
      frames.push_back({.function = std::string(native::unwind_end_text(end))});
    } else if (frame.index < python.size()) {
      frames.push_back(std::move(python[frame.index]));
    }
  }
  std::string_view text = native::unwind_end_text(end);
  if (walked.frames.empty() && !text.empty()) frames.push_back({.function = std::string(text)});
  // What stands at the root of Python's.
  for (size_t i = walked.frames.size(); i < python.size(); ++i) frames.push_back(std::move(python[i]));
  return frames;
}

void DumpMerge::add_notes(ThreadDump& dump, const std::string& no_pause) const {
  if (missing_running_ != 0)
    dump.notes.push_back(fmt::format("{} native frames, since registers of a running thread cannot be read{}",
                                     stacks_text(missing_running_),
                                     no_pause.empty() ? "" : " and no thread could be held: " + no_pause));
  if (missing_asleep_ != 0)
    dump.notes.push_back(
        fmt::format("{} native frames, since not all registers of a sleeping thread could be read{}",
                    stacks_text(missing_asleep_), no_registers_.empty() ? "" : ": " + no_registers_));
}

}  // namespace rtprof
