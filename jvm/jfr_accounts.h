#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/process/thread_probe.h"
#include "common/profile/event.h"

namespace rtprof::jvm {

// What each thread of a JVM did with its time, put together from what the JVM's recorder has seen and what
// the kernel counts. The recorder's samples tell where; how much is the kernel's: the CPU time of a thread is
// shared out to its samples. So a recorder that takes fewer samples than it was asked for, or samples threads
// that wait for a CPU, changes no weights. What there is no sample for is told as such.
//
// Threads have ids as in a profile: those of the kernel, and those of virtual threads negated. What carriers
// of virtual threads run is shared out to the samples of all virtual threads.
class JfrAccounts {
 public:
  enum class Activity : uint8_t { kRunning, kRunnable, kWaiting };
  // Why there is no stack.
  enum class Missing : uint8_t { kNone, kNotSampled, kNotRecorded };
  struct Part {
    int32_t thread = 0;
    Activity activity = Activity::kRunning;
    Reason reason = Reason::kNone;  // of kWaiting
    Missing missing = Missing::kNone;
    uint32_t stack = 0;  // where nothing is missing
    TimePoint start = 0;
    Nanoseconds time = 0;
  };
  using Emit = std::function<void(const Part&)>;

  // `interval`: between two samples of a thread that runs all the time. A sample stands for a little more
  // than that at most. `is_measured`: by the times of the samples, where the recorder does not keep to it.
  JfrAccounts(Nanoseconds interval, bool is_measured, TimePoint since)
      : interval_(interval), is_measured_(is_measured), since_(since) {}

  // A sample of a thread that runs; in a native method, it may wait there as well.
  void running(int32_t thread, uint32_t stack, TimePoint at);
  void in_native(int32_t thread, uint32_t stack, Reason reason, TimePoint at);
  // A wait that has ended; what of it was accounted for before is left out.
  void waited(int32_t thread, Reason reason, uint32_t stack, TimePoint start, TimePoint end,
              const Emit& emit);
  // What the kernel has counted so far, at `now`. `is_carrier`: of virtual threads, if there are any.
  void look(int32_t thread, const ThreadTimes& times, TimePoint now, bool is_carrier);

  // Shares out what was run to the samples since the last time.
  void share_out(const Emit& emit);
  // Accounts for all that is left up to the last look, and begins anew.
  void settle(const Emit& emit);

  size_t threads() const { return accounts_.size(); }

 private:
  struct Mark {
    int32_t thread;
    uint32_t stack;
    TimePoint at;
  };
  struct Account {
    ThreadTimes times;
    TimePoint from = 0;    // what is accounted for begins here
    TimePoint looked = 0;  // and ends here; 0: the kernel has not been asked
    bool is_carrier = false;
    Nanoseconds unshared = 0;  // CPU time that no sample has
    Nanoseconds ran = 0;
    Nanoseconds runnable = 0;
    Nanoseconds waited = 0;
    std::vector<Mark> running;  // since the last share_out()
    std::vector<Mark> native;
    uint32_t samples = 0;                              // since `from`
    Mark last{};                                       // of them
    std::unordered_map<uint32_t, Nanoseconds> ran_at;  // by stack, since `from`
    std::unordered_map<uint32_t, std::pair<Reason, uint32_t>> native_at;
  };
  static void share(Account& account, const std::vector<Mark>& marks, Nanoseconds most, const Emit& emit);
  void settle_cpu(int32_t thread, Account& account, const Emit& emit) const;
  static void settle_rest(int32_t thread, Account& account, const Emit& emit);

  void pool_carriers();
  void add_last_samples(Account& account) const;
  Nanoseconds interval() const;

  const Nanoseconds interval_;
  const bool is_measured_;
  const TimePoint since_;
  TimePoint looked_ = 0;
  std::unordered_map<int32_t, Account> accounts_;
  Account virtual_;  // all virtual threads
};

}  // namespace rtprof::jvm
