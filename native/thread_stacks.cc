#include "native/thread_stacks.h"

#include <fmt/core.h>
#include <poll.h>

#include "common/base/error.h"
#include "common/process/access.h"
#include "native/ptrace_registers.h"
#include "native/standing_threads.h"

namespace rtprof::native {
namespace {

// How often a thread is tried that is awake now and then.
constexpr int kMostTries = 60;
constexpr int kLateMilliseconds = 20;

}  // namespace

void append_marks(const ThreadStacks::Taken& taken, std::string_view end,
                  std::vector<DumpedFrame>& leaf_first) {
  if (!taken.problem.empty()) leaf_first.push_back({.function = fmt::format("[unknown: {}]", taken.problem)});
  bool is_cut = !taken.frames.empty() && taken.end != UnwindEnd::kComplete;
  if (is_cut && !end.empty()) leaf_first.push_back({.function = std::string(end)});
}

ThreadStacks::ThreadStacks(const Process& process, const DumpOptions& options, RuntimeCode* runtime)
    : process_(process),
      options_(options),
      runtime_(runtime),
      priority_(!options.nonblocking),
      reader_(process),
      space_(process, workshop_.binaries),
      unwinder_(space_, workshop_.unwind_tables, UnwindMethod::kAuto),
      pauser_(process.pid()) {
  if (runtime_ != nullptr) unwinder_.add(*runtime_);
  auto registers = kernel::ThreadRegisters::open();
  if (registers) saved_ = std::move(*registers);
  if (!registers) no_saved_ = registers.failure().message;
  if (auto denial = options.nonblocking ? std::nullopt : pause_denial(process.pid()))
    no_pause_ = denial->reason;
}

void ThreadStacks::unwind(const StackSnapshot& snapshot, Taken& thread) {
  thread.end = unwinder_.unwind(snapshot, thread.frames);
  if (runtime_ != nullptr) thread.runtime_problem = runtime_->problem();
  if (runtime_ != nullptr) thread.carried = runtime_->carried_thread(snapshot.attached);
  thread.done = true;
  thread.problem.clear();
}

// Registers of all sleepers are read at once; one whose times are afterwards what they were before has slept
// since.
void ThreadStacks::take_sleepers() {
  std::map<pid_t, ThreadTimes> before;
  for (auto& [tid, thread] : threads_) {
    auto times = thread.probe.times();
    if (times && !thread.done && thread.probe.asleep()) before[tid] = *times;
  }
  take_standing(before);
}

// Threads that had these times and were on no CPU then.
void ThreadStacks::take_standing(const std::map<pid_t, ThreadTimes>& before) {
  if (!saved_) return;
  if (runtime_ != nullptr) runtime_->begin_batch();
  read_standing_threads(process_, *saved_, reader_, runtime_, before,
                        [&](pid_t tid, const StackSnapshot& snapshot) {
                          Taken& thread = threads_.at(tid);
                          thread.times = before.at(tid);
                          thread.state = thread_state_of(thread.probe.state());
                          if (thread.state == ThreadState::kRunning) thread.state = ThreadState::kRunnable;
                          unwind(snapshot, thread);
                        });
}

// Of a thread that is held.
void ThreadStacks::copy(const ThreadPause& pause, pid_t tid) {
  snapshot_.reset();
  if (!pause.held()) return;
  if (auto registers = read_registers(tid)) snapshot_ = reader_.read(*registers);
  if (!snapshot_ || runtime_ == nullptr) return;
  beside_ = runtime_->beside_stack(tid);
  snapshot_->attached = beside_;
}

// It waits for a CPU, or another profiler holds it: its stop may come at any time, and it is taken then. One
// whose times stay the same for so long has not run, since a running one's CPU time is brought up to date at
// each timer tick.
PauseOutcome ThreadStacks::take_late(pid_t tid, const std::optional<ThreadTimes>& before) {
  pollfd stop{Pauser::late_fd(), POLLIN, 0};
  if (::poll(&stop, 1, kLateMilliseconds) == 0 && before) take_standing({{tid, *before}});
  if (!pauser_.is_late(tid)) {
    pauser_.release_late();
    return PauseOutcome::kLate;
  }
  ThreadPause pause(pauser_, ThreadPause::OfLate{});
  copy(pause, tid);
  return pause.outcome();
}

void ThreadStacks::take_held(pid_t tid, Taken& thread) {
  auto before = thread.probe.times();
  bool asleep = thread.probe.asleep();
  thread.state = thread_state_of(thread.probe.state());
  PauseOutcome outcome;
  {
    ThreadPause pause(pauser_, tid);
    copy(pause, tid);
    outcome = pause.outcome();
  }
  if (outcome == PauseOutcome::kLate) outcome = take_late(tid, before);
  if (outcome == PauseOutcome::kLate) {
    if (!thread.done) thread.problem = "did not stop in time";
  } else if (outcome == PauseOutcome::kDenied) {
    thread.problem = "may not be held";
    thread.done = true;
  } else if (outcome == PauseOutcome::kGone) {
    thread.state = ThreadState::kEnded;
    thread.done = true;
  } else if (snapshot_) {
    held_asleep_ += asleep ? 1 : 0;
    if (runtime_ != nullptr) runtime_->begin_batch();
    unwind(*snapshot_, thread);
  } else {
    thread.problem = "stack not readable";
    thread.done = true;
  }
}

void ThreadStacks::add_notes(ThreadDump& dump) {
  for (Nanoseconds held : pauser_.take_holds()) dump.pauses.push_back(held);
  if (held_asleep_ != 0 && !no_saved_.empty())
    dump.notes.push_back(
        fmt::format("{} sleeping threads were held for a moment, which ends some waits early: {}",
                    held_asleep_, no_saved_));
  if (!no_pause_.empty()) dump.notes.push_back(fmt::format("no thread could be held: {}", no_pause_));
}

void ThreadStacks::take() {
  for (pid_t tid : process_.threads()) threads_.try_emplace(tid, process_.pid(), tid);
  for (int tries = 0; tries < kMostTries; ++tries) {
    take_sleepers();
    bool all = true;
    for (auto& [tid, thread] : threads_) {
      if (thread.done) continue;
      if (options_.nonblocking || !no_pause_.empty()) {
        thread.problem =
            options_.nonblocking ? "runs, and --nonblocking forbids to hold it" : "may not be held";
      } else if (!saved_ || !thread.probe.asleep()) {
        take_held(tid, thread);
      }
      all = all && thread.done;
    }
    if (all) break;
  }
  if (!process_.alive() || process_.has_execed())
    throw Error(ExitCode::kTargetEnded,
                fmt::format("process {} ended while it was looked at", process_.pid()));
}

}  // namespace rtprof::native
