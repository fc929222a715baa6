#pragma once

#include "common/process/process.h"
#include "common/sampler/thread_holder.h"
#include "native/running_stacks.h"
#include "native/stack_reader.h"

namespace rtprof::native {

// Takes them while the thread is held by ptrace. Whoever makes it has asked pause_refusal().
class PausedStacks final : public RunningStacks {
 public:
  // `process` outlives this.
  explicit PausedStacks(const Process& process);

  void begin_batch() override { reader_.refresh(); }
  Taken take(PulledThread& thread, const std::function<void()>& beside) override;
  int late_fd() const override { return Pauser::late_fd(); }
  void release_late() override { holder_.release_late(); }
  std::vector<Nanoseconds> take_holds() override { return holder_.take_holds(); }
  uint64_t held_back() const override { return holder_.held_back(); }

 private:
  ThreadHolder holder_;
  StackReader reader_;
};

}  // namespace rtprof::native
