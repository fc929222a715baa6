#include "python/pull_merge.h"

#include "kernel/record.h"

namespace rtprof {

PullMerge::PullMerge(const Process& process, const SamplingPlan& plan, Recorder& recorder,
                     native::Workshop& workshop, PythonStacks& stacks, uint32_t namer, PullReader& reader)
    : stacks_(stacks),
      reader_(reader),
      merged_(process, plan, recorder, workshop, stacks, namer),
      // A thread is held meanwhile, and the kernel copies as much.
      moment_(process, RT_MAX_STACK_BYTES) {
  reader.read_all_threads();
  reader.set_witness([this](const SampledThread& thread, const RemoteWalker::Walk&, PullReader::Hold hold) {
    moment_.take(thread, hold);
  });
}

void PullMerge::begin_batch() {
  merged_.begin_batch();
  moment_.refresh();
}

RawStack PullMerge::last() {
  const RemoteWalker::Walk& walk = reader_.last_walk();
  // Between two calls into the interpreter, a C thread has no state.
  WalkedStack walked;
  if (walk.end != StackEnd::kThreadGone) walked = walked_stack(stacks_, walk.marked, walk.end);
  return moment_.stack() ? merged_.merge(walked, *moment_.stack()) : merged_.without_machine(walked);
}

}  // namespace rtprof
