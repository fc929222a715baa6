#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "common/process/process.h"
#include "common/profile/event.h"
#include "common/sampler/thread_holder.h"
#include "kernel/process_files.h"
#include "python/remote_walker.h"
#include "python/stacks.h"
#include "python/thread_table.h"

namespace rtprof {

// Takes the stacks of single threads from outside: of a sleeping one as it is, of a running one while it is
// held still (Mechanism::kPause) or as it comes (Mechanism::kRead).
class PullReader {
 public:
  PullReader(const Process& process, const PythonLayout& layout, Mechanism mechanism, PythonStacks& stacks,
             ThreadTable& table);

  struct Reading {
    // Nothing when there is none to be had now: the thread was not to be held any longer, did not stop, or is
    // held by another profiler.
    std::optional<uint32_t> stack;
    bool torn = false;     // the stack moved while it was read
    bool denied = false;   // it was not permitted to hold the thread; the stack says so
    bool stopped = false;  // it was taken off its CPU, or is about to be
    bool late = false;     // there should be one: the thread's next sample stands for this one, too
    // What the scheduler had counted while the thread was held; nothing when it was not.
    std::optional<ThreadTimes> times;
  };
  Reading read_running(SampledThread& thread);
  // Of a thread that had been given a CPU `slices` times when it was seen to sleep; nothing when it was given
  // one since, so that the stack may have changed while it was read.
  std::optional<uint32_t> read_asleep(SampledThread& thread, uint64_t slices);

  // What a sleeping thread waits for. Before read_asleep(), which tells whether it has slept on.
  Reason reason_asleep(const SampledThread& thread) {
    return files_.reason_of_sleeper(thread.tid, thread.probe);
  }

  // As it comes, whatever the thread does meanwhile.
  uint32_t read_untouched(SampledThread& thread);

  // What keeps a thread from moving on while it is read.
  enum class Hold : uint8_t { kPause, kSleep, kNothing };
  // Called right after each walk, while a thread that is held still is.
  using Witness = std::function<void(const SampledThread&, const RemoteWalker::Walk&, Hold)>;
  void set_witness(Witness witness) { witness_ = std::move(witness); }
  // Also holds threads that run none of the interpreter's code: for what the witness wants of them.
  void read_all_threads() { all_threads_ = true; }
  // Valid until the next one.
  const RemoteWalker::Walk& last_walk() const { return last_; }

  // Of threads that run none of the interpreter's code.
  uint32_t native() const { return native_; }

  // Descriptor that becomes readable when release_late() has to be called; -1 for none.
  int late_fd() const { return mechanism_ == Mechanism::kPause ? Pauser::late_fd() : -1; }
  void release_late() { holder_.release_late(); }

  std::vector<Nanoseconds> take_holds() { return holder_.take_holds(); }
  // Samples that were not taken so that threads were not held for longer than permitted.
  uint64_t held_back() const { return holder_.held_back(); }

 private:
  Reading read_held(SampledThread& thread);
  void walk(SampledThread& thread, Hold hold);
  uint32_t intern_last();

  Mechanism mechanism_;
  PythonStacks& stacks_;
  ThreadTable& table_;
  RemoteWalker walker_;
  RemoteWalker::Walk last_;
  ThreadHolder holder_;
  kernel::ProcessFiles files_;
  Witness witness_;
  bool all_threads_ = false;
  uint32_t native_;
};

}  // namespace rtprof
