#include "common/sampler/pull_source.h"

#include <fmt/core.h>
#include <sys/prctl.h>

#include <algorithm>
#include <utility>

#include "common/process/priority.h"
#include "common/sampler/pull_output.h"

namespace rtprof {
namespace {

using Activity = PulledThread::Activity;
using Record = PullOutput::Record;

// A thread that has not run for kDormantAfter is looked at every kDormantPeriod only, or when the process has
// used CPU time that the looks at the other threads do not explain.
constexpr Nanoseconds kDormantAfter = kSecond;
constexpr Nanoseconds kDormantPeriod = 100 * kMillisecond;
constexpr Nanoseconds kUnexplained = kMillisecond;
// From the moment at which our waking up preempts a thread to the one at which the tick begins, at most.
constexpr Nanoseconds kWakingUp = 50 * kMicrosecond;
// Listing the threads may take this share of the time.
constexpr Nanoseconds kListingShare = 10;
// How often a sleep is read again whose stack was not whole.
constexpr int kRetries = 3;

class PullSource final : public Source {
 public:
  PullSource(const Process& process, const SamplingPlan& plan, Recorder& recorder,
             std::unique_ptr<PullTarget> target, Mechanism mechanism, std::string reason);

  Schedule schedule() const override { return {plan_.period(), target_->late_fd()}; }
  TimePoint since() const override { return since_; }
  void tick(TimePoint now, Recorder&) override;
  void drain(Recorder&) override { target_->release_late(); }
  void flush(Recorder&) override;
  bool ended() const override;
  void missed_ticks(uint64_t missed) override { output_.add_late(missed * running_); }
  std::vector<RunQuality> quality() const override;

 private:
  void refresh(TimePoint now);
  bool find_out(PulledThread& thread, TimePoint now);
  void look_at(TimePoint tick, bool dormant_too);
  void look(PulledThread& thread, TimePoint tick);
  void account(PulledThread& thread, const ThreadTimes& times, TimePoint now, bool on_cpu);
  void sample_running(PulledThread& thread, TimePoint tick);
  void sample_asleep(PulledThread& thread, bool moved, Nanoseconds before);
  void read_sleep(PulledThread& thread);
  void end_sleep(PulledThread& thread, Nanoseconds most);
  Record record_of_unread(Nanoseconds time) const;
  void emit_open(PulledThread& thread);
  void settle(TimePoint now);
  void tick_lock(TimePoint now);
  void sample_holder(PulledThread& thread, TimePoint now, Nanoseconds time);
  Nanoseconds unexplained() const { return cpu_now_ - cpu_at_start_ - cpu_seen_ - cpu_settled_; }

  const Process& process_;
  SamplingPlan plan_;
  Mechanism mechanism_;
  HighPriority priority_;
  std::string reason_;
  std::unique_ptr<PullTarget> target_;
  PullOutput output_;
  RawStack never_caught_;
  RawStack never_listed_;

  // CPU time of the process: at the start; what looks at threads have seen of it since; what was left over
  // and given to threads that had ended.
  Nanoseconds cpu_at_start_ = 0;
  Nanoseconds cpu_seen_ = 0;
  Nanoseconds cpu_settled_ = 0;
  Nanoseconds cpu_now_ = 0;
  struct Ended {
    pid_t tid;
    std::optional<RawStack> stack;  // where it was last seen on a CPU
  };
  std::vector<Ended> ended_threads_;  // since the last settle()
  TimePoint since_ = 0;
  TimePoint last_tick_ = 0;
  TimePoint next_refresh_ = 0;
  uint64_t running_ = 0;  // threads that the last tick found on a CPU
  Nanoseconds lock_held_ = 0;
};

PullSource::PullSource(const Process& process, const SamplingPlan& plan, Recorder& recorder,
                       std::unique_ptr<PullTarget> target, Mechanism mechanism, std::string reason)
    : process_(process),
      plan_(plan),
      mechanism_(mechanism),
      priority_(mechanism == Mechanism::kPause),
      reason_(std::move(reason)),
      target_(std::move(target)),
      output_(process.pid(), *target_, plan, recorder),
      never_caught_(target_->marker("[unknown: not caught running]")),
      never_listed_(target_->marker("[unknown: thread ended before it was seen]")) {
  // The kernel lets sleeps take 50 µs longer than asked for; a sampler means what it says.
  ::prctl(PR_SET_TIMERSLACK, 1);
  // With many threads the first listing takes a while, which is not part of what is recorded.
  target_->refresh(monotonic_now());
  since_ = monotonic_now();
  last_tick_ = since_;
  for (auto& thread : target_->threads()) {
    target_->thread_came(thread->tid);
    if (auto times = thread->probe.times()) thread->ledger.emplace(*times, since_);
  }
  // After the threads' own: what the kernel counts in between would be left over, as if it were of threads
  // that nobody saw.
  cpu_now_ = cpu_at_start_ = process.cpu_time();
}

bool PullSource::ended() const {
  return !process_.alive() || !target_->readable() || process_.has_execed();
}

void PullSource::tick(TimePoint now, Recorder&) {
  target_->release_late();
  // Its pid may be another's by now.
  if (!process_.alive()) return;
  output_.add_ticks(1);
  target_->begin_batch();
  running_ = 0;
  if (target_->outdated() && now >= next_refresh_) refresh(now);
  cpu_now_ = process_.cpu_time();
  if (plan_.gil_only) {
    tick_lock(now);
  } else {
    look_at(now, false);
    if (unexplained() > kUnexplained) {
      look_at(now, true);
      settle(now);
    }
  }
  if (plan_.lock_share && target_->lock_is_held()) lock_held_ += now - last_tick_;
  output_.add_holds(target_->take_holds());
  target_->name_threads(now);
  last_tick_ = now;
}

void PullSource::refresh(TimePoint now) {
  TimePoint start = monotonic_now();
  for (auto& thread : target_->refresh(now)) {
    ended_threads_.push_back({thread->tid, thread->running_stack});
    if (!thread->ledger) continue;
    thread->ledger->look(thread->ledger->times(), now, thread->activity == Activity::kOnCpu);
    emit_open(*thread);
  }
  for (auto& thread : target_->threads()) {
    if (thread->ledger) continue;
    target_->thread_came(thread->tid);
    // What began since the last tick has used its CPU time since then.
    thread->ledger.emplace(ThreadTimes{}, last_tick_);
  }
  TimePoint end = monotonic_now();
  next_refresh_ = end + kListingShare * (end - start);
}

// Finds out what a thread runs that has run, where the target wants to. False when that has to wait: what it
// runs is not known until then.
bool PullSource::find_out(PulledThread& thread, TimePoint now) {
  if (!target_->wants_search(thread, now)) return true;
  if (now < next_refresh_) {
    target_->suspect();
    return false;
  }
  target_->search(thread, now);
  TimePoint end = monotonic_now();
  next_refresh_ = end + kListingShare * (end - now);
  return true;
}

void PullSource::look_at(TimePoint tick, bool dormant_too) {
  for (auto& thread : target_->threads()) {
    if (thread->looked_in == tick || (!dormant_too && tick < thread->due)) continue;
    thread->looked_in = tick;
    look(*thread, tick);
  }
}

void PullSource::account(PulledThread& thread, const ThreadTimes& times, TimePoint now, bool on_cpu) {
  cpu_seen_ += times.cpu - thread.ledger->times().cpu;
  thread.ledger->look(times, now, on_cpu);
}

void PullSource::look(PulledThread& thread, TimePoint tick) {
  TimePoint now = monotonic_now();
  auto times = thread.probe.times();
  if (!times || !thread.ledger) return target_->suspect();
  // Running on, waiting on, or sleeping on: leaving a CPU and being given one are counted.
  bool unchanged = *times == thread.ledger->times();
  if (!unchanged) thread.activity = thread.probe.asleep() ? Activity::kAsleep : Activity::kOnCpu;
  bool on_cpu = thread.activity == Activity::kOnCpu;
  Nanoseconds slept_before = thread.ledger->other();
  account(thread, *times, now, unchanged && on_cpu);
  if (!unchanged || on_cpu) thread.changed = now;
  bool dormant = now - thread.changed > kDormantAfter;
  thread.due = dormant ? now + kDormantPeriod : 0;
  if (thread.changed == now && !find_out(thread, now)) {
    if (on_cpu) output_.add_late(1);
    return;
  }
  if (output_.elapsed()) sample_asleep(thread, !unchanged, slept_before);
  if (on_cpu) sample_running(thread, tick);
}

// Emits the sleep that ended since the last look, and finds out where the thread sleeps now.
void PullSource::sample_asleep(PulledThread& thread, bool moved, Nanoseconds before) {
  bool asleep = thread.activity == Activity::kAsleep;
  bool to_read = asleep && (!thread.asleep_stack || thread.asleep_retries > 0);
  if (!moved && !to_read) return;
  // What is known of the last sleep is not whole, and this one is like it more often than not.
  bool is_superseded = asleep && !thread.asleep_whole;
  if (moved && thread.asleep_stack && !is_superseded) {
    // Between the looks it slept where it slept before, and where it sleeps now: nothing tells for how long.
    Nanoseconds since = thread.ledger->other() - before;
    end_sleep(thread, asleep ? before + since / 2 : before + since);
  }
  if (!asleep) return;
  if (moved || !thread.asleep_stack) {
    thread.asleep_stack.reset();
    thread.asleep_counted = false;
    thread.asleep_retries = kRetries;
  }
  read_sleep(thread);
}

// A thread that is only just falling asleep or being woken tells little: it is read again, and what it has
// slept goes to what was read last.
void PullSource::read_sleep(PulledThread& thread) {
  Reason reason = target_->reason_asleep(thread);
  auto sleeper = target_->read_asleep(thread, thread.ledger->times().slices);
  if (!sleeper) return;
  thread.asleep_whole = sleeper->whole;
  bool is_told = sleeper->whole && reason != Reason::kOther;
  thread.asleep_retries = is_told ? 0 : thread.asleep_retries - 1;
  thread.asleep_reason = reason;
  thread.asleep_stack = sleeper->stack;
}

void PullSource::end_sleep(PulledThread& thread, Nanoseconds most) {
  Record record = thread.asleep_counted ? Record::kMore : Record::kTaken;
  Nanoseconds slept = thread.ledger->take_other(most);
  output_.add(thread.asleep_reason, thread.tid, *thread.asleep_stack, thread.ledger->looked(), slept, record);
  thread.asleep_counted = true;
}

void PullSource::sample_running(PulledThread& thread, TimePoint tick) {
  Nanoseconds waited_before = thread.ledger->times().waited;
  PullTarget::Reading reading = target_->read_running(thread);
  TimePoint now = monotonic_now();
  if (reading.times) account(thread, *reading.times, now, false);
  if (reading.stopped) thread.activity = Activity::kWaiting;
  if (reading.late) output_.add_late(1);
  if (!reading.stack) return;
  ++running_;
  RawStack stack = *reading.stack;
  thread.running_stack = stack;
  TimeLedger& ledger = *thread.ledger;
  // It stopped only after it had been given a CPU: it was on none when the tick came, unless our own waking
  // up had just taken its CPU.
  bool was_waiting = reading.times && reading.times->waited - waited_before > now - tick + kWakingUp;
  Record record = reading.torn ? Record::kTorn : Record::kTaken;
  if (!was_waiting) output_.add(Reason::kRunning, thread.tid, stack, now, ledger.take_running(), record);
  if (output_.elapsed())
    output_.add(Reason::kRunnable, thread.tid, stack, now, ledger.take_runnable(), Record::kMore);
}

// Time that nothing was read for is a sample that failed; less than a period of it asked for none.
Record PullSource::record_of_unread(Nanoseconds time) const {
  return time < plan_.period() ? Record::kMore : Record::kTaken;
}

// What was accounted for and is in no sample yet. A thread that was never caught running is not said to have
// run where it sleeps.
void PullSource::emit_open(PulledThread& thread) {
  TimeLedger& ledger = *thread.ledger;
  TimePoint end = ledger.looked();
  if (output_.elapsed() && thread.asleep_stack) end_sleep(thread, ledger.other());
  RawStack stack = thread.running_stack.value_or(target_->unread(thread).value_or(never_caught_));
  Nanoseconds running = ledger.take_running();
  Record record = thread.running_stack ? Record::kMore : record_of_unread(running);
  output_.add(Reason::kRunning, thread.tid, stack, end, running, record);
  if (!output_.elapsed()) return;
  RawStack waiting = thread.running_stack.value_or(thread.asleep_stack.value_or(stack));
  output_.add(Reason::kRunnable, thread.tid, waiting, end, ledger.take_runnable(), Record::kMore);
  output_.add(thread.asleep_reason, thread.tid, waiting, end, ledger.take_other(ledger.other()),
              Record::kMore);
}

// CPU time of the process that no thread has now: of those that have ended since they were last looked at,
// and of those that came and went between two looks.
void PullSource::settle(TimePoint now) {
  Nanoseconds left = unexplained();
  if (left <= 0) return;
  cpu_settled_ += left;
  std::erase_if(ended_threads_, [](const Ended& thread) { return !thread.stack; });
  if (ended_threads_.empty())
    output_.add_cpu(process_.pid(), never_listed_, now, left, record_of_unread(left));
  for (size_t i = ended_threads_.size(); i > 0; --i) {
    const Ended& thread = ended_threads_[i - 1];
    Nanoseconds part = left / static_cast<Nanoseconds>(i);
    output_.add_cpu(thread.tid, *thread.stack, now, part, Record::kMore);
    left -= part;
  }
  ended_threads_.clear();
}

void PullSource::tick_lock(TimePoint now) {
  Nanoseconds time = now - last_tick_;
  for (PulledThread* holder : target_->lock_holders()) sample_holder(*holder, now, time);
}

// The thread that holds the lock stands for the time since the last tick. Time that could not be sampled when
// it came goes into its next sample.
void PullSource::sample_holder(PulledThread& thread, TimePoint now, Nanoseconds time) {
  auto times = thread.probe.times();
  bool asleep = times && thread.probe.asleep();
  if (asleep && !output_.elapsed()) return;
  thread.lock_time += time;
  if (asleep) {
    Reason reason = target_->reason_asleep(thread);
    auto sleeper = target_->read_asleep(thread, times->slices);
    if (!sleeper) return;
    Nanoseconds held = std::exchange(thread.lock_time, 0);
    return output_.add(reason, thread.tid, sleeper->stack, now, held, Record::kTaken);
  }
  PullTarget::Reading reading = target_->read_running(thread);
  if (reading.late) output_.add_late(1);
  if (!reading.stack) return;
  ++running_;
  Record record = reading.torn ? Record::kTorn : Record::kTaken;
  output_.add(Reason::kRunning, thread.tid, *reading.stack, now, std::exchange(thread.lock_time, 0), record);
}

void PullSource::flush(Recorder&) {
  target_->name_all_threads();
  cpu_now_ = process_.cpu_time();
  if (plan_.gil_only) return;
  TimePoint now = monotonic_now();
  for (auto& thread : target_->threads()) {
    if (!thread->ledger) continue;
    auto times = thread->probe.times().value_or(thread->ledger->times());
    account(*thread, times, monotonic_now(), thread->activity == Activity::kOnCpu);
    emit_open(*thread);
  }
  settle(now);
}

std::vector<RunQuality> PullSource::quality() const {
  std::vector<RunQuality> all = output_.quality();
  for (RunQuality& each : all) {
    each.mechanism = mechanism_;
    each.exact = mechanism_ != Mechanism::kRead;
    each.reason = reason_;
    if (target_->held_back() != 0) {
      if (!each.reason.empty()) each.reason += "; ";
      each.reason += fmt::format(
          "{} samples were not asked for, so that no thread was held for more than {:g} % "
          "of a second",
          target_->held_back(), plan_.max_pause_share * 100);
    }
    each.threads = target_->seen();
    each.target_cpu = cpu_now_ - cpu_at_start_;
    if (plan_.lock_share && target_->has_lock()) each.lock_held = lock_held_;
  }
  return all;
}

}  // namespace

std::unique_ptr<Source> open_pull(const Process& process, const SamplingPlan& plan, Recorder& recorder,
                                  std::unique_ptr<PullTarget> target, Mechanism mechanism,
                                  std::string reason) {
  return std::make_unique<PullSource>(process, plan, recorder, std::move(target), mechanism,
                                      std::move(reason));
}

}  // namespace rtprof
