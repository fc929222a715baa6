#include "kernel/switch_account.h"

#include <algorithm>
#include <utility>

#include "kernel/process_files.h"

namespace rtprof::kernel {
namespace {

rt_sample_record sample_of(uint32_t type, pid_t tid, Nanoseconds running, TimePoint now) {
  rt_sample_record sample{};
  sample.record.type = type;
  sample.record.tid = static_cast<uint32_t>(tid);
  sample.record.time = static_cast<uint64_t>(now);
  sample.running = static_cast<uint64_t>(running);
  return sample;
}

uint64_t length_of(const rt_wait_record& wait) {
  return wait.blocked + wait.runnable;
}

}  // namespace

void SwitchAccount::add_existing(pid_t tid, uint64_t slices) {
  Thread& thread = threads_[tid];
  thread.since = options_.since;
  thread.slices = slices;
}

void SwitchAccount::assume(pid_t tid, bool runs) {
  auto found = threads_.find(tid);
  if (found == threads_.end() || found->second.seen) return;
  found->second.activity = runs ? RT_THREAD_RUNNING : RT_THREAD_BLOCKED;
}

bool SwitchAccount::seen(pid_t tid) const {
  auto found = threads_.find(tid);
  return found != threads_.end() && found->second.seen;
}

SwitchAccount::Thread& SwitchAccount::known(pid_t tid, TimePoint now) {
  auto [found, inserted] = threads_.try_emplace(tid);
  if (inserted) found->second.since = now;
  return found->second;
}

// A new thread waits for a CPU first.
void SwitchAccount::on_start(pid_t tid, TimePoint now) {
  if (now <= options_.since) return;
  Thread& thread = threads_[tid];
  thread = {};
  thread.activity = RT_THREAD_RUNNABLE;
  thread.seen = true;
  thread.doubtful = in_gap(thread);
  thread.since = now;
}

SwitchAccount::Told SwitchAccount::on_tick(pid_t tid, uint32_t cpu, TimePoint time) {
  TimePoint now = clamp(time);
  Thread& thread = known(tid, now);
  Told told;
  told.wait = end_running(tid, thread, now);
  if (now > options_.since)
    told.sample = sample_of(RT_RECORD_SAMPLE, tid, std::exchange(thread.running, 0), now);
  thread.activity = RT_THREAD_RUNNING;
  thread.cpu = cpu;
  thread.doubtful = in_gap(thread);
  return told;
}

SwitchAccount::Told SwitchAccount::on_leave(pid_t tid, uint32_t cpu, TimePoint time, bool preempted) {
  TimePoint now = clamp(time);
  Thread& thread = known(tid, now);
  Told told;
  told.wait = end_running(tid, thread, now);
  thread.activity = preempted ? RT_THREAD_RUNNABLE : RT_THREAD_BLOCKED;
  thread.wait_flags = preempted ? uint32_t{RT_WAIT_INVOLUNTARY} : 0;
  thread.left = true;
  thread.cpu = cpu;
  thread.doubtful = in_gap(thread);
  return told;
}

SwitchAccount::Told SwitchAccount::on_return(pid_t tid, uint32_t cpu, TimePoint time) {
  TimePoint now = clamp(time);
  Thread& thread = known(tid, now);
  Told told;
  bool ran = thread.seen && thread.activity == RT_THREAD_RUNNING;
  told.wait =
      ran || thread.doubtful || in_gap(thread) ? hole(tid, thread, now, true) : end_wait(tid, thread, now);
  ++thread.slices;
  thread.activity = RT_THREAD_RUNNING;
  thread.seen = true;
  thread.cpu = cpu;
  thread.doubtful = in_gap(thread);
  thread.since = now;
  return told;
}

SwitchAccount::Told SwitchAccount::on_end(pid_t tid, TimePoint time) {
  TimePoint now = clamp(time);
  auto found = threads_.find(tid);
  if (found == threads_.end()) return {};
  Thread& thread = found->second;
  Told told;
  told.wait = end_running(tid, thread, now);
  if (!told.wait && thread.blocked + thread.runnable > 0) {
    told.wait = wait_until(tid, thread, now);
    told.wait->events = RT_WAIT_FOR_WALL;
    told.wait->summed_blocked = static_cast<uint64_t>(thread.blocked);
    told.wait->summed_runnable = static_cast<uint64_t>(thread.runnable);
  }
  told.sample = sample_of(RT_RECORD_THREAD_END, tid, thread.running, now);
  threads_.erase(found);
  return told;
}

void SwitchAccount::on_lost(uint32_t cpu) {
  for (auto& [tid, thread] : threads_) {
    if (concerns(thread, cpu)) thread.doubtful = true;
  }
}

void SwitchAccount::on_gap(uint32_t cpu, bool begins) {
  // Of what began and goes on, too.
  on_lost(cpu);
  if (begins) {
    gaps_.insert(cpu);
  } else {
    gaps_.erase(cpu);
  }
}

bool SwitchAccount::concerns(const Thread& thread, uint32_t cpu) {
  return !thread.seen || thread.activity != RT_THREAD_RUNNING || thread.cpu == cpu;
}

bool SwitchAccount::in_gap(const Thread& thread) const {
  return std::any_of(gaps_.begin(), gaps_.end(), [&](uint32_t cpu) { return concerns(thread, cpu); });
}

std::vector<pid_t> SwitchAccount::doubtful() const {
  std::vector<pid_t> tids;
  for (const auto& [tid, thread] : threads_) {
    if (thread.doubtful) tids.push_back(tid);
  }
  return tids;
}

void SwitchAccount::confirm(pid_t tid, uint64_t slices) {
  auto found = threads_.find(tid);
  if (found == threads_.end() || slices == 0) return;
  Thread& thread = found->second;
  bool off = !thread.seen || thread.activity != RT_THREAD_RUNNING;
  if (off && thread.slices == slices) thread.doubtful = false;
}

std::optional<rt_wait_record> SwitchAccount::end_running(pid_t tid, Thread& thread, TimePoint now) {
  bool waited = thread.seen && thread.activity != RT_THREAD_RUNNING;
  std::optional<rt_wait_record> wait;
  if (waited || thread.doubtful || in_gap(thread)) {
    wait = hole(tid, thread, now, waited);
  } else {
    thread.running += now - thread.since;
  }
  thread.seen = true;
  thread.since = now;
  return wait;
}

rt_wait_record SwitchAccount::wait_until(pid_t tid, const Thread& thread, TimePoint now) const {
  rt_wait_record wait{};
  wait.record.type = RT_RECORD_WAIT;
  wait.record.tid = static_cast<uint32_t>(tid);
  wait.record.time = static_cast<uint64_t>(now);
  wait.record.stack = thread.left ? 1 : 0;
  wait.start = static_cast<uint64_t>(now);
  wait.site.syscall = kUnknownSyscall;
  wait.site.flags = thread.wait_flags | (thread.left ? 0 : uint32_t{RT_WAIT_UNSEEN});
  return wait;
}

std::optional<rt_wait_record> SwitchAccount::end_wait(pid_t tid, Thread& thread, TimePoint now) {
  if (now <= thread.since) return std::nullopt;
  rt_wait_record wait = wait_until(tid, thread, now);
  wait.start = static_cast<uint64_t>(thread.since);
  auto length = static_cast<uint64_t>(now - thread.since);
  (thread.activity == RT_THREAD_RUNNABLE ? wait.runnable : wait.blocked) = length;
  if (is_for_wall(thread, wait)) wait.events |= RT_WAIT_FOR_WALL;
  if (is_for_offcpu(wait)) wait.events |= RT_WAIT_FOR_OFFCPU;
  return wait.events != 0 ? std::optional(wait) : std::nullopt;
}

// `is_wait`: at least part of the stretch was one. It never adds to the sum of short waits, whose place it
// would get.
std::optional<rt_wait_record> SwitchAccount::hole(pid_t tid, const Thread& thread, TimePoint now,
                                                  bool is_wait) const {
  if (now <= thread.since) return std::nullopt;
  rt_wait_record wait = wait_until(tid, thread, now);
  wait.record.stack = 1;
  wait.record.flags = RT_SAMPLE_NO_STACK;
  wait.site.flags = 0;
  wait.start = static_cast<uint64_t>(thread.since);
  wait.blocked = static_cast<uint64_t>(now - thread.since);
  if ((options_.flags & RT_TARGET_WALL) != 0) wait.events |= RT_WAIT_FOR_WALL;
  if (is_wait && is_for_offcpu(wait)) wait.events |= RT_WAIT_FOR_OFFCPU;
  return wait.events != 0 ? std::optional(wait) : std::nullopt;
}

// As the function of that name in entry.bpf.c.
bool SwitchAccount::is_for_wall(Thread& thread, rt_wait_record& wait) const {
  if ((options_.flags & RT_TARGET_WALL) == 0) return false;
  if (length_of(wait) >= static_cast<uint64_t>(options_.interval)) return true;
  thread.blocked += static_cast<Nanoseconds>(wait.blocked);
  thread.runnable += static_cast<Nanoseconds>(wait.runnable);
  if (thread.blocked + thread.runnable < options_.interval) return false;
  wait.summed_blocked = static_cast<uint64_t>(std::exchange(thread.blocked, 0)) - wait.blocked;
  wait.summed_runnable = static_cast<uint64_t>(std::exchange(thread.runnable, 0)) - wait.runnable;
  return true;
}

bool SwitchAccount::is_for_offcpu(const rt_wait_record& wait) const {
  if ((options_.flags & RT_TARGET_OFFCPU) == 0) return false;
  auto length = static_cast<Nanoseconds>(length_of(wait));
  return length >= options_.min_wait && length <= options_.max_wait;
}

std::vector<rt_open_thread> SwitchAccount::open(std::span<const pid_t> tids, TimePoint now) const {
  std::vector<rt_open_thread> all;
  for (pid_t tid : tids) {
    auto found = threads_.find(tid);
    if (found == threads_.end()) continue;
    const Thread& thread = found->second;
    rt_open_thread open{};
    open.tid = static_cast<uint32_t>(tid);
    open.known = 1;
    open.time = static_cast<uint64_t>(std::max(now, thread.since));
    open.thread.activity = thread.activity;
    open.thread.flags = thread.doubtful ? uint32_t{RT_SAMPLE_NO_STACK} : 0;
    open.thread.since = static_cast<uint64_t>(thread.since);
    open.thread.stack = thread.left || thread.doubtful ? 1 : 0;
    open.thread.running = static_cast<uint64_t>(thread.running);
    open.thread.blocked = static_cast<uint64_t>(thread.blocked);
    open.thread.runnable = static_cast<uint64_t>(thread.runnable);
    open.site.syscall = kUnknownSyscall;
    if (!thread.doubtful) open.site.flags = thread.wait_flags | (thread.left ? 0 : uint32_t{RT_WAIT_UNSEEN});
    all.push_back(open);
  }
  return all;
}

}  // namespace rtprof::kernel
