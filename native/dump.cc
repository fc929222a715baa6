#include "native/dump.h"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "common/base/error.h"
#include "common/process/access.h"
#include "common/process/pause.h"
#include "common/process/priority.h"
#include "common/process/thread_probe.h"
#include "kernel/thread_registers.h"
#include "native/dumped_frames.h"
#include "native/ptrace_registers.h"
#include "native/stack_reader.h"
#include "native/stack_unwinder.h"
#include "native/standing_threads.h"
#include "native/workshop.h"

namespace rtprof::native {
namespace {

// How often a thread is tried that is awake now and then.
constexpr int kMostTries = 60;
constexpr int kLateMilliseconds = 20;

class Dumper {
 public:
  Dumper(const Process& process, const DumpOptions& options)
      : process_(process),
        options_(options),
        priority_(!options.nonblocking),
        reader_(process),
        space_(process, workshop_.binaries),
        unwinder_(space_, workshop_.unwind_tables, UnwindMethod::kAuto),
        pauser_(process.pid()) {
    auto registers = kernel::ThreadRegisters::open();
    if (registers) saved_ = std::move(*registers);
    if (!registers) no_saved_ = registers.failure().message;
    if (auto denial = options.nonblocking ? std::nullopt : pause_denial(process.pid()))
      no_pause_ = denial->reason;
  }

  ThreadDump take();

 private:
  struct Taken {
    explicit Taken(pid_t pid, pid_t tid) : probe(pid, tid) {}
    ThreadProbe probe;
    bool done = false;
    ThreadState state = ThreadState::kSleeping;
    std::string problem;  // why there are no frames
    std::vector<MachineFrame> frames;
    UnwindEnd end = UnwindEnd::kComplete;
  };

  void take_sleepers();
  void take_standing(const std::map<pid_t, ThreadTimes>& before);
  void take_held(pid_t tid, Taken& thread);
  PauseOutcome take_late(pid_t tid, const std::optional<ThreadTimes>& before);
  void copy(const ThreadPause& pause, pid_t tid);
  void unwind(const StackSnapshot& snapshot, Taken& thread);
  DumpedThread dumped(pid_t tid, const Taken& thread);
  void add_notes(ThreadDump& dump) const;

  const Process& process_;
  const DumpOptions options_;
  HighPriority priority_;
  StackReader reader_;
  Workshop workshop_;
  AddressSpace space_;
  StackUnwinder unwinder_;
  Pauser pauser_;
  std::optional<StackSnapshot> snapshot_;  // of the thread that was held last
  std::optional<kernel::ThreadRegisters> saved_;
  std::string no_saved_;  // why there is none
  std::string no_pause_;
  std::map<pid_t, Taken> threads_;
  Profile profile_;  // of the frames' names
  size_t held_asleep_ = 0;
};

void Dumper::unwind(const StackSnapshot& snapshot, Taken& thread) {
  thread.end = unwinder_.unwind(snapshot, thread.frames);
  thread.done = true;
  thread.problem.clear();
}

// Registers of all sleepers are read at once; one whose times are afterwards what they were before has slept
// since.
void Dumper::take_sleepers() {
  std::map<pid_t, ThreadTimes> before;
  for (auto& [tid, thread] : threads_) {
    auto times = thread.probe.times();
    if (times && !thread.done && thread.probe.asleep()) before[tid] = *times;
  }
  take_standing(before);
}

// Threads that had these times and were on no CPU then.
void Dumper::take_standing(const std::map<pid_t, ThreadTimes>& before) {
  if (!saved_) return;
  read_standing_threads(process_, *saved_, reader_, before, [this](pid_t tid, const StackSnapshot& snapshot) {
    Taken& thread = threads_.at(tid);
    thread.state = thread_state_of(thread.probe.state());
    if (thread.state == ThreadState::kRunning) thread.state = ThreadState::kRunnable;
    unwind(snapshot, thread);
  });
}

// Of a thread that is held.
void Dumper::copy(const ThreadPause& pause, pid_t tid) {
  snapshot_.reset();
  if (!pause.held()) return;
  if (auto registers = read_registers(tid)) snapshot_ = reader_.read(*registers);
}

// It waits for a CPU, or another profiler holds it: its stop may come at any time, and it is taken then. One
// whose times stay the same for so long has not run, since a running one's CPU time is brought up to date at
// each timer tick.
PauseOutcome Dumper::take_late(pid_t tid, const std::optional<ThreadTimes>& before) {
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

void Dumper::take_held(pid_t tid, Taken& thread) {
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
    unwind(*snapshot_, thread);
  } else {
    thread.problem = "stack not readable";
    thread.done = true;
  }
}

DumpedThread Dumper::dumped(pid_t tid, const Taken& thread) {
  DumpedThread dumped;
  dumped.tid = tid;
  dumped.name = kernel_thread_name(process_.pid(), tid);
  dumped.state = thread.state;
  for (const MachineFrame& frame : thread.frames)
    append_dumped_frames(frame, process_, space_, *workshop_.symbolizer, profile_, dumped.frames);
  std::string_view end;
  if (!thread.frames.empty() && thread.end != UnwindEnd::kComplete) end = unwind_end_text(thread.end);
  if (!thread.problem.empty())
    dumped.frames.push_back({.function = fmt::format("[unknown: {}]", thread.problem)});
  if (!end.empty()) dumped.frames.push_back({.function = std::string(end)});
  return dumped;
}

void Dumper::add_notes(ThreadDump& dump) const {
  if (held_asleep_ != 0 && !no_saved_.empty())
    dump.notes.push_back(
        fmt::format("{} sleeping threads were held for a moment, which ends some waits early: {}",
                    held_asleep_, no_saved_));
  if (!no_pause_.empty()) dump.notes.push_back(fmt::format("no thread could be held: {}", no_pause_));
}

ThreadDump Dumper::take() {
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

  ThreadDump dump;
  dump.pid = process_.pid();
  dump.runtime = "native";
  dump.program = process_.executable();
  dump.command = process_.command();
  for (const auto& [tid, thread] : threads_) {
    if (thread.state != ThreadState::kEnded) dump.threads.push_back(dumped(tid, thread));
  }
  std::stable_partition(dump.threads.begin(), dump.threads.end(),
                        [this](const DumpedThread& thread) { return thread.tid == process_.pid(); });
  dump.pauses = pauser_.take_holds();
  add_notes(dump);
  return dump;
}

}  // namespace

ThreadDump dump_native(const Process& process, const DumpOptions& options) {
  return Dumper(process, options).take();
}

}  // namespace rtprof::native
