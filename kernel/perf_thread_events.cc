#include "kernel/perf_thread_events.h"

#include <cerrno>

#include "common/process/process.h"
#include "kernel/perf_event.h"

namespace rtprof::kernel {
namespace {

// From when a thread inherits, in its creation, until it is told of and listed in /proc.
constexpr Nanoseconds kCreationTakes = 20 * kMillisecond;

}  // namespace

std::optional<Failure> PerfThreadEvents::add(pid_t pid, const Plan& plan, const PerfRings& rings) {
  looking_ = true;
  auto process = Process::try_open(pid);
  if (!process) return process.failure();
  // A program that creates threads faster than they can be opened would keep us here: those of later rounds
  // have, but for a few, inherited.
  constexpr int kMostRounds = 8;
  for (int round = 0; round < kMostRounds; ++round) {
    bool all_known = true;
    for (pid_t tid : process->threads()) {
      if (known_.contains(tid)) continue;
      all_known = false;
      if (auto failure = open_thread(tid, plan, rings)) return failure;
    }
    if (all_known) break;
  }
  return std::nullopt;
}

std::optional<Failure> PerfThreadEvents::open_thread(pid_t tid, const Plan& plan, const PerfRings& rings) {
  known_.insert(tid);
  for (int cpu : rings.cpus()) {
    for (const perf_event_attr& attributes : plan.kinds) {
      auto failure = open_event(attributes, tid, cpu, plan, rings);
      if (failure && failure->error == ESRCH) return std::nullopt;  // it has ended
      if (failure) return failure;
    }
  }
  opened_ = monotonic_now();
  return std::nullopt;
}

void PerfThreadEvents::start() {
  started_ = true;
  for (const UniqueFd& event : events_) enable_perf_event(event.get());
}

std::optional<Failure> PerfThreadEvents::open_event(const perf_event_attr& attributes, pid_t tid, int cpu,
                                                    const Plan& plan, const PerfRings& rings) {
  auto event = open_perf_event(attributes, tid, cpu);
  if (!event) return event.failure();
  if (descriptors_scarce(*event)) return Failure{"too many threads for an event each", EMFILE};
  if (auto redirected = redirect_perf_event(event->get(), rings.ring_fd(cpu)); !redirected)
    return redirected.failure();
  if (plan.program >= 0) {
    if (auto attached = attach_perf_program(event->get(), plan.program); !attached) return attached.failure();
  }
  if (started_) enable_perf_event(event->get());
  events_.push_back(std::move(*event));
  return std::nullopt;
}

void PerfThreadEvents::on_thread_start(pid_t tid, TimePoint time) {
  if (!looking_) return;
  if (time > opened_ + kCreationTakes) known_.insert(tid);
}

bool PerfThreadEvents::should_look_again(TimePoint now) const {
  return looking_ && now > opened_ + 2 * kCreationTakes;
}

void PerfThreadEvents::look_again(pid_t pid, const Plan& plan, const PerfRings& rings) {
  auto process = Process::try_open(pid);
  if (!process) return;
  for (pid_t tid : process->threads()) {
    if (!known_.contains(tid) && open_thread(tid, plan, rings)) return;
  }
}

void PerfThreadEvents::clear() {
  events_.clear();
  known_.clear();
  looking_ = false;
}

}  // namespace rtprof::kernel
