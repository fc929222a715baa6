#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/sampler/pulled_thread.h"

namespace rtprof {

// What a source that looks at threads from outside has to know of a runtime: which threads there are, how
// their stacks are taken, and what they are called. Lives on the thread that samples.
class PullTarget {
 public:
  virtual ~PullTarget() = default;

  virtual std::string runtime() const = 0;
  virtual std::string version() const { return {}; }

  // At each tick, before anything is read.
  virtual void begin_batch() = 0;

  // True when the threads are to be listed again. Cheap.
  virtual bool outdated() const = 0;
  // Lists anew. Threads that have ended are handed out; new ones have no ledger yet.
  virtual std::vector<std::unique_ptr<PulledThread>> refresh(TimePoint now) = 0;
  // Those that were listed last. Valid until the next refresh().
  virtual const std::vector<PulledThread*>& threads() = 0;
  // Threads that there have been.
  virtual size_t seen() const = 0;
  // Something is not as it was when the threads were listed.
  virtual void suspect() = 0;
  // False once the memory of the runtime is no longer there.
  virtual bool readable() const { return true; }

  // Whether it is to be found out first what a thread runs that has run now, and the finding.
  virtual bool wants_search(const PulledThread&, TimePoint) const { return false; }
  virtual void search(PulledThread&, TimePoint) {}

  struct Reading {
    // Nothing when there is none to be had now: the thread was not to be held any longer, did not stop, or is
    // held by another profiler.
    std::optional<RawStack> stack;
    bool torn = false;     // the stack moved while it was read
    bool stopped = false;  // it was taken off its CPU, or is about to be
    bool late = false;     // there should be one: the thread's next sample stands for this one, too
    // What the scheduler had counted while the thread was held; nothing when it was not.
    std::optional<ThreadTimes> times;
  };
  virtual Reading read_running(PulledThread& thread) = 0;
  struct Sleeper {
    RawStack stack;
    bool whole = true;  // false: another try may tell more
  };
  // Of a thread that had been given a CPU `slices` times when it was seen to sleep; nothing when it was given
  // one since, so that the stack may have changed while it was read.
  virtual std::optional<Sleeper> read_asleep(PulledThread& thread, uint64_t slices) = 0;
  // What a sleeping thread waits for. Before read_asleep(), which tells whether it has slept on.
  virtual Reason reason_asleep(const PulledThread& thread) = 0;
  // Of a thread that was never read, where it is known what it runs.
  virtual std::optional<RawStack> unread(const PulledThread&) { return std::nullopt; }

  // A stack of one mark, such as "[unknown: …]".
  virtual RawStack marker(std::string_view text) = 0;
  // Whether a stack has a frame that could not be read.
  virtual bool unknown(RawStack stack) const = 0;
  // Whose time it is that a thread spends with a stack: that of a thread which it carries has its own id.
  virtual pid_t owner(pid_t tid, RawStack) const { return tid; }

  // Descriptor that becomes readable when release_late() has to be called; -1 for none.
  virtual int late_fd() const = 0;
  virtual void release_late() = 0;
  // How long threads were held since the last call.
  virtual std::vector<Nanoseconds> take_holds() = 0;
  // Samples that were not taken so that threads were not held for longer than permitted.
  virtual uint64_t held_back() const = 0;

  // A thread has come; those that came are to be named now and then; all there are, again.
  virtual void thread_came(pid_t tid) = 0;
  virtual void name_threads(TimePoint now) = 0;
  virtual void name_all_threads() = 0;

  // The lock that lets one thread at a time run the runtime's code, where there is one.
  virtual bool has_lock() const { return false; }
  virtual bool lock_is_held() { return false; }
  virtual std::vector<PulledThread*> lock_holders() { return {}; }
};

}  // namespace rtprof
