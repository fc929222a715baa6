#include "kernel/elapsed_time.h"

#include <algorithm>
#include <string>
#include <utility>

#include "kernel/wait_reason.h"

namespace rtprof::kernel {
namespace {

// What is left of `recorded` after what was emitted ahead of it.
Nanoseconds settle(Nanoseconds& ahead, Nanoseconds recorded) {
  Nanoseconds known = std::min(ahead, recorded);
  ahead -= known;
  return recorded - known;
}

uint64_t key_of(RawStack stack) {
  return static_cast<uint64_t>(stack.namer) << 32 | stack.id;
}

pid_t tid_of(const rt_record& record) {
  return static_cast<pid_t>(record.tid);
}

bool polls(const rt_wait_site& site) {
  return waits_of_syscall(site.syscall) == Waits::kForPolled && (site.flags & RT_WAIT_POLLED_KNOWN) == 0;
}

}  // namespace

ElapsedTime::ElapsedTime(const Process& process, const SamplingPlan& plan, const KernelStacks& kernel_stacks,
                         Emit emit, bool cpu_too)
    : process_(process),
      plan_(plan),
      wall_(plan.has(Event::kWall)),
      idle_(plan.has(Event::kCpu) && plan.idle),
      cpu_(plan.has(Event::kCpu) && !plan.idle && cpu_too),
      offcpu_(plan.has(Event::kOffCpu)),
      kernel_stacks_(kernel_stacks),
      emit_(std::move(emit)),
      files_(process) {}

bool ElapsedTime::wanted(const SamplingPlan& plan) {
  return plan.has(Event::kWall) || plan.has(Event::kOffCpu) || (plan.has(Event::kCpu) && plan.idle);
}

TargetOptions ElapsedTime::target_options(TimePoint since) const {
  TargetOptions options;
  if (wall_ || idle_) options.flags |= RT_TARGET_WALL;
  if (offcpu_) options.flags |= RT_TARGET_OFFCPU;
  if (plan_.wakers) options.flags |= RT_TARGET_WAKERS;
  options.since = since;
  options.interval = plan_.period();
  options.min_wait = plan_.min_wait;
  options.max_wait = plan_.max_wait;
  return options;
}

// That a thread wants a CPU, and the files that poll and select wait for, are noted as it is switched out,
// which these were before.
void ElapsedTime::start(TimePoint since) {
  since_ = since;
  for (pid_t tid : process_.threads()) {
    ThreadProbe probe(process_.pid(), tid);
    bool wants_cpu = probe.state() == 'R';
    Thread& thread = threads_[tid];
    thread.last = files_.reason_of_sleeper(tid, probe);
    thread.waits_at_start = wants_cpu ? Reason::kPreempted : thread.last;
  }
}

Reason ElapsedTime::reason_of(const rt_wait_site& site, const Origin& origin, bool fresh,
                              std::optional<uint32_t> kernel_stack) {
  Thread& thread = threads_[origin.tid];
  if (thread.waits_at_start && fresh &&
      (polls(site) || (site.flags & RT_WAIT_UNSEEN) != 0 || thread.waits_at_start == Reason::kPreempted))
    return *thread.waits_at_start;
  if ((site.flags & RT_WAIT_UNSEEN) != 0) {
    // The same place of the program waits for the same thing, as a rule.
    auto before = reasons_.find(key_of(origin.stack));
    return before == reasons_.end() ? thread.last : before->second;
  }
  auto functions = kernel_stack ? kernel_stacks_.waits(*kernel_stack) : std::nullopt;
  Reason reason =
      reason_of_wait(site, functions, [this](uint32_t epoll) { return files_.epoll_kinds(epoll); });
  if (!fresh && (origin.flags & RT_SAMPLE_NO_STACK) == 0) reasons_[key_of(origin.stack)] = reason;
  return reason;
}

void ElapsedTime::describe(const rt_wait_site& site, const Origin& origin, bool fresh, Wait& wait) {
  Thread& thread = threads_[origin.tid];
  wait.kernel_stack = kernel_stacks_.find(site.kernel_stack);
  if (wait.blocked > 0) {
    wait.reason = reason_of(site, origin, fresh, wait.kernel_stack);
    thread.last = wait.reason;
  } else {
    // Summed up before it, for reasons that were not told.
    wait.reason = thread.last;
    if ((site.flags & RT_WAIT_INVOLUNTARY) != 0) wait.runnable_reason = Reason::kPreempted;
  }
}

void ElapsedTime::emit_sum(Reason reason, const Origin& origin, TimePoint start, Nanoseconds time,
                           uint64_t count) {
  if (time <= 0 && count == 0) return;
  if (wall_)
    emit_({Event::kWall, reason, origin.tid, origin.flags, origin.stack, origin.kernel_stack, std::nullopt,
           start, time, count});
  if (idle_ || (cpu_ && reason == Reason::kRunning))
    emit_({Event::kCpu, Reason::kNone, origin.tid, origin.flags, origin.stack, origin.kernel_stack,
           std::nullopt, start, time, count});
}

bool ElapsedTime::is_later(const rt_record& record) const {
  auto looked = looked_.find(tid_of(record));
  return looked != looked_.end() && static_cast<TimePoint>(record.time) > looked->second;
}

void ElapsedTime::on_sample(const rt_sample_record& record, RawStack stack) {
  if (is_later(record.record)) {
    later_.emplace_back([this, record, stack] { on_sample(record, stack); });
    return;
  }
  if (!sums()) return;
  Nanoseconds running =
      settle(threads_[tid_of(record.record)].sums.running, static_cast<Nanoseconds>(record.running));
  Origin origin{tid_of(record.record), record.record.flags, stack};
  origin.kernel_stack = kernel_stacks_.find(record.kernel_stack);
  emit_sum(Reason::kRunning, origin, static_cast<TimePoint>(record.record.time) - running, running, 1);
}

void ElapsedTime::emit_wait(const Origin& origin, const Wait& wait) {
  Thread& thread = threads_[origin.tid];
  bool is_new = thread.wait != wait.start;
  if (is_new) thread.told = {};
  thread.wait = wait.start;
  Nanoseconds blocked = wait.blocked - std::exchange(thread.told.blocked, wait.blocked);
  Nanoseconds runnable = wait.runnable - std::exchange(thread.told.runnable, wait.runnable);
  std::optional<uint32_t> kernel_stack = plan_.kernel_frames ? wait.kernel_stack : std::nullopt;
  uint64_t count = is_new ? 1 : 0;
  auto emit = [&](Reason reason, TimePoint start, Nanoseconds time) {
    if (time <= 0) return;
    emit_({Event::kOffCpu, reason, origin.tid, origin.flags, origin.stack, kernel_stack, origin.waker, start,
           time, std::exchange(count, 0)});
  };
  emit(wait.reason, wait.end - runnable - blocked, blocked);
  emit(wait.runnable_reason, wait.end - runnable, runnable);
}

void ElapsedTime::on_wait(const rt_wait_record& record, RawStack stack, std::optional<RawStack> waker) {
  if (is_later(record.record)) {
    later_.emplace_back([this, record, stack, waker] { on_wait(record, stack, waker); });
    return;
  }
  Origin origin{tid_of(record.record), record.record.flags, stack, waker};
  Wait wait;
  wait.start = static_cast<TimePoint>(record.start);
  wait.end = static_cast<TimePoint>(record.record.time);
  wait.blocked = static_cast<Nanoseconds>(record.blocked);
  wait.runnable = static_cast<Nanoseconds>(record.runnable);
  describe(record.site, origin, record.record.stack == 0, wait);
  if ((record.events & RT_WAIT_FOR_OFFCPU) != 0) emit_wait(origin, wait);
  if ((record.events & RT_WAIT_FOR_WALL) != 0) {
    Ahead& ahead = threads_[origin.tid].sums;
    Nanoseconds blocked =
        settle(ahead.blocked, wait.blocked + static_cast<Nanoseconds>(record.summed_blocked));
    Nanoseconds runnable =
        settle(ahead.runnable, wait.runnable + static_cast<Nanoseconds>(record.summed_runnable));
    emit_sum(wait.reason, origin, wait.end - runnable - blocked, blocked, blocked > 0 ? 1 : 0);
    emit_sum(wait.runnable_reason, origin, wait.end - runnable, runnable, blocked > 0 ? 0 : 1);
  }
  threads_[origin.tid].waits_at_start.reset();
}

void ElapsedTime::on_thread_end(const rt_sample_record& record, RawStack stack) {
  if (is_later(record.record)) {
    later_.emplace_back([this, record, stack] { on_thread_end(record, stack); });
    return;
  }
  pid_t tid = tid_of(record.record);
  if (sums() && record.running != 0) {
    Nanoseconds running = settle(threads_[tid].sums.running, static_cast<Nanoseconds>(record.running));
    emit_sum(Reason::kRunning, {tid_of(record.record), record.record.flags, stack},
             static_cast<TimePoint>(record.record.time) - running, running, 0);
  }
  threads_.erase(tid);
}

void ElapsedTime::flush(std::span<const rt_open_thread> threads, const std::function<void()>& drain,
                        const std::function<RawStack(const rt_open_thread&)>& stack_of) {
  for (const rt_open_thread& thread : threads) {
    looked_[static_cast<pid_t>(thread.tid)] = static_cast<TimePoint>(thread.time);
  }
  // A thread that has slept all the while may wake up now, and its stack be forgotten.
  std::unordered_map<uint32_t, RawStack> asleep;
  for (const rt_open_thread& thread : threads) {
    if (thread.thread.stack == 0) asleep[thread.tid] = stack_of(thread);
  }
  drain();
  looked_.clear();
  for (const rt_open_thread& thread : threads) {
    auto known = asleep.find(thread.tid);
    flush_thread(thread, known != asleep.end() ? known->second : stack_of(thread));
  }
  for (const auto& record : std::exchange(later_, {})) record();
}

void ElapsedTime::flush_thread(const rt_open_thread& thread, RawStack stack) {
  auto now = static_cast<TimePoint>(thread.time);
  Origin origin{static_cast<pid_t>(thread.tid), thread.thread.flags, stack};
  Wait wait;
  wait.end = now;
  // No event since the start: it has slept all the time.
  wait.start = thread.known != 0 ? static_cast<TimePoint>(thread.thread.since) : since_;
  bool runs = thread.known != 0 && thread.thread.activity == RT_THREAD_RUNNING;
  auto woken = static_cast<TimePoint>(thread.thread.woken);
  if (thread.known != 0 && thread.thread.activity == RT_THREAD_RUNNABLE) woken = wait.start;
  if (woken == 0) woken = now;
  if (!runs && now > wait.start) {
    wait.blocked = woken - wait.start;
    wait.runnable = now - woken;
  }
  describe(thread.site, origin, thread.thread.stack == 0, wait);
  Nanoseconds length = wait.blocked + wait.runnable;
  if (offcpu_ && length > 0 && length >= plan_.min_wait && length <= plan_.max_wait) emit_wait(origin, wait);
  if (sums()) flush_sums(thread, origin, wait);
}

void ElapsedTime::flush_sums(const rt_open_thread& thread, const Origin& origin, const Wait& wait) {
  TimePoint now = wait.end;
  const rt_thread& sums = thread.thread;
  Ahead open{static_cast<Nanoseconds>(sums.running), static_cast<Nanoseconds>(sums.blocked) + wait.blocked,
             static_cast<Nanoseconds>(sums.runnable) + wait.runnable};
  if (thread.known != 0 && sums.activity == RT_THREAD_RUNNING) open.running += now - wait.start;
  Ahead& ahead = threads_[origin.tid].sums;
  auto bring_up = [&](Nanoseconds Ahead::*part, Reason reason) {
    Nanoseconds more = open.*part - ahead.*part;
    if (more <= 0) return;
    emit_sum(reason, origin, now - more, more, 0);
    ahead.*part = open.*part;
  };
  bring_up(&Ahead::running, Reason::kRunning);
  bring_up(&Ahead::blocked, wait.reason);
  bring_up(&Ahead::runnable, wait.runnable_reason);
}

}  // namespace rtprof::kernel
