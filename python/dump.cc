#include "python/dump.h"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "common/base/error.h"
#include "common/process/access.h"
#include "common/process/priority.h"
#include "python/dump_merge.h"
#include "python/dumped_frames.h"
#include "python/frame_variables.h"
#include "python/locate.h"
#include "python/pull_reader.h"
#include "python/stacks.h"
#include "python/task_dump.h"
#include "python/thread_names.h"
#include "python/thread_table.h"

namespace rtprof {
namespace {

// How often a thread is tried to be read that is awake now and then, or that gets no CPU to stop on.
constexpr int kMostTries = 20;
constexpr int kLateMilliseconds = 20;
// How often the holder of a GIL is looked for that changes hands.
constexpr int kMostHolderTries = 20;
// From the moment at which our waking up preempts a thread to the one at which it is looked at, at most.
constexpr Nanoseconds kWakingUp = 50 * kMicrosecond;

class Dumper {
 public:
  Dumper(const Process& process, PythonProcess python, const DumpOptions& options);

  ThreadDump take();

 private:
  // What was read of a thread.
  struct Taken {
    bool done = false;
    ThreadState state = ThreadState::kEnded;
    uint32_t stack = 0;
    bool approximate = false;
    bool holds_gil = false;
    std::optional<ThreadTimes> times;  // while it was read, of a thread that was not on a CPU
    std::vector<Address> addresses;    // of the frames
    std::vector<std::vector<DumpedVariable>> variables;
    DumpMerge::Taken machine;
  };

  void open_reader(Mechanism mechanism);
  void witness(const SampledThread& thread, const RemoteWalker::Walk& walk, PullReader::Hold hold);
  std::vector<Address> holders() const;
  bool holds_gil(const SampledThread& thread) const;
  bool has_gil() const;
  // PythonStacks leaves the others out.
  bool runs_code(const rt_py_frame& frame) const { return frame.code != 0 && frame.code != python_.none; }
  void accept(const SampledThread& thread, Taken& taken, uint32_t stack, ThreadState state);
  bool take_standing(SampledThread& thread, Taken& taken, bool may_wait_for_cpu);
  bool take_running(SampledThread& thread, Taken& taken);
  void take_thread(SampledThread& thread, Taken& taken);
  void find_holders();
  bool confirm(Address state);
  DumpedThread dumped(SampledThread& thread, const std::unordered_map<uint64_t, std::string>& names);
  std::vector<DumpedFrame> frames_of(Taken& taken);
  void add_tasks(ThreadDump& dump);
  void add_native_frames(ThreadDump& dump);
  void add_notes(ThreadDump& dump) const;

  const Process& process_;
  const PythonProcess python_;
  const DumpOptions options_;
  HighPriority priority_;
  PythonStacks stacks_;
  ThreadTable table_;
  FrameVariables variables_;
  std::optional<DumpMerge> merge_;  // with --native
  Mechanism mechanism_ = Mechanism::kPause;
  std::optional<PullReader> reader_;
  std::vector<Nanoseconds> pauses_;
  std::vector<Address> witnessed_holders_;  // in the moment of the last walk
  std::unordered_map<pid_t, Taken> taken_;
  std::vector<Address> witnessed_addresses_;  // of frames, likewise
  std::string no_pause_;
  bool variables_cut_ = false;
  bool holder_missed_ = false;
};

Dumper::Dumper(const Process& process, PythonProcess python, const DumpOptions& options)
    : process_(process),
      python_(std::move(python)),
      options_(options),
      priority_(!options.nonblocking),
      stacks_(process.memory(), python_, process.directory()),
      table_(process, python_.layout, 1.0),
      variables_(process.memory(), python_) {
  if (options.native) merge_.emplace(process, stacks_);
  auto denial = options.nonblocking ? std::nullopt : pause_denial(process.pid());
  if (denial) no_pause_ = denial->reason;
  open_reader(options.nonblocking || denial ? Mechanism::kRead : Mechanism::kPause);
}

void Dumper::open_reader(Mechanism mechanism) {
  mechanism_ = mechanism;
  reader_.emplace(process_, python_.layout, mechanism, stacks_, table_);
  reader_->set_witness([this](const SampledThread& thread, const RemoteWalker::Walk& walk,
                              PullReader::Hold hold) { witness(thread, walk, hold); });
  if (merge_ && mechanism == Mechanism::kPause) reader_->read_all_threads();
}

void Dumper::witness(const SampledThread& thread, const RemoteWalker::Walk& walk, PullReader::Hold hold) {
  if (merge_) merge_->witness(thread, walk, hold);
  witnessed_holders_ = holders();
  witnessed_addresses_.clear();
  for (size_t i = 0; i < walk.leaf_first.size(); ++i) {
    if (runs_code(walk.leaf_first[i])) witnessed_addresses_.push_back(walk.addresses[i]);
  }
  if (options_.variables) variables_.take(walk);
}

std::vector<Address> Dumper::holders() const {
  return gil_holders(process_.memory(), python_.layout.walk, table_.interpreters());
}

bool Dumper::has_gil() const {
  const auto& all = table_.interpreters();
  return std::any_of(all.begin(), all.end(), [](const PythonInterpreter& each) { return each.gil != 0; });
}

// In the moment of the last walk.
bool Dumper::holds_gil(const SampledThread& thread) const {
  return std::any_of(thread.states.begin(), thread.states.end(), [this](const PythonThread& state) {
    return std::find(witnessed_holders_.begin(), witnessed_holders_.end(), state.state) !=
           witnessed_holders_.end();
  });
}

void Dumper::accept(const SampledThread& thread, Taken& taken, uint32_t stack, ThreadState state) {
  taken.done = true;
  taken.stack = stack;
  taken.state = state;
  taken.approximate = false;
  taken.holds_gil = holds_gil(thread);
  taken.times.reset();
  taken.addresses = witnessed_addresses_;
  if (merge_) taken.machine = merge_->taken();
  if (!options_.variables) return;
  taken.variables = variables_.named();
  variables_cut_ = variables_cut_ || variables_.cut();
  variables_.forget();
}

// Reads a thread that is on no CPU, without touching it. False when it was on one meanwhile.
bool Dumper::take_standing(SampledThread& thread, Taken& taken, bool may_wait_for_cpu) {
  auto before = thread.probe.times();
  char letter = thread.probe.state();
  if (!before || letter == 'X' || letter == 'Z') {
    taken = {.done = true};
    return true;
  }
  if (!may_wait_for_cpu && !thread.probe.asleep()) return false;
  witnessed_holders_.clear();
  if (merge_) merge_->forget();
  bool is_read = !thread.states.empty() || merge_;
  auto stack = is_read ? reader_->read_asleep(thread, before->slices) : reader_->native();
  if (!stack || thread.probe.times() != before) return false;
  accept(thread, taken, *stack, letter == 'R' ? ThreadState::kRunnable : thread_state_of(letter));
  taken.times = before;
  return true;
}

bool Dumper::take_running(SampledThread& thread, Taken& taken) {
  reader_->release_late();
  witnessed_holders_.clear();
  if (merge_) merge_->forget();
  TimePoint start = monotonic_now();
  auto before = thread.probe.times();
  PullReader::Reading reading = reader_->read_running(thread);
  if (reading.denied) {
    no_pause_ = "holding its threads is not permitted";
    pauses_ = reader_->take_holds();
    open_reader(Mechanism::kRead);
    return false;
  }
  if (reading.late) {
    // Another profiler holds it, for a moment or for good.
    std::this_thread::sleep_for(std::chrono::milliseconds(kLateMilliseconds));
    return false;
  }
  if (!reading.stack) {
    // It waits for a CPU. Its stop may come at any time, and it is to be let go then.
    bool standing = take_standing(thread, taken, true);
    pollfd stop{reader_->late_fd(), POLLIN, 0};
    if (stop.fd >= 0) ::poll(&stop, 1, kLateMilliseconds);
    reader_->release_late();
    return standing;
  }
  // It could stop only after it had been given a CPU.
  bool waited =
      before && reading.times && reading.times->waited - before->waited > monotonic_now() - start + kWakingUp;
  accept(thread, taken, *reading.stack, waited ? ThreadState::kRunnable : ThreadState::kRunning);
  taken.approximate = mechanism_ == Mechanism::kRead && !thread.states.empty();
  return !reading.torn;
}

void Dumper::take_thread(SampledThread& thread, Taken& taken) {
  for (int tries = 0; tries < kMostTries; ++tries) {
    if (take_standing(thread, taken, false) || take_running(thread, taken)) return;
  }
  if (taken.done) return;
  // A thread that neither stands nor stops, not even approximately at rest: as it comes.
  uint32_t stack = reader_->read_untouched(thread);
  accept(thread, taken, stack, thread_state_of(thread.probe.state()));
  taken.approximate = true;
}

// True when it is known whether the thread of this state holds its GIL.
bool Dumper::confirm(Address state) {
  SampledThread* thread = table_.with_state(state);
  if (thread == nullptr) return true;  // it has come since the threads were listed
  Taken& taken = taken_[thread->tid];
  if (taken.holds_gil) return true;
  taken.done = false;
  take_thread(*thread, taken);
  return taken.holds_gil || taken.state == ThreadState::kEnded;
}

// Reads the threads that hold a GIL so that they hold it in the moment in which they are read.
void Dumper::find_holders() {
  for (int tries = 0; tries < kMostHolderTries; ++tries) {
    std::vector<Address> now = holders();
    if (std::all_of(now.begin(), now.end(), [this](Address state) { return confirm(state); })) return;
  }
  holder_missed_ = true;
}

std::vector<DumpedFrame> Dumper::frames_of(Taken& taken) {
  std::vector<DumpedFrame> frames;
  if (taken.stack == reader_->native()) {
    frames.push_back({.kind = FrameKind::kNative, .function = "[native]"});
    return frames;
  }
  frames = dumped_frames(stacks_, taken.stack);
  for (size_t i = 0; i < std::min(frames.size(), taken.variables.size()); ++i)
    frames[i].variables = std::move(taken.variables[i]);
  return frames;
}

DumpedThread Dumper::dumped(SampledThread& thread, const std::unordered_map<uint64_t, std::string>& names) {
  Taken& taken = taken_[thread.tid];
  DumpedThread dumped;
  dumped.tid = thread.tid;
  for (const PythonThread& state : thread.states) {
    auto name = names.find(state.thread_id);
    if (name != names.end() && dumped.name.empty()) dumped.name = name->second;
  }
  if (dumped.name.empty()) dumped.name = kernel_thread_name(process_.pid(), thread.tid);
  dumped.state = taken.state;
  if (has_gil()) dumped.holds_gil = taken.holds_gil;
  dumped.approximate = taken.approximate;
  if (taken.state != ThreadState::kEnded) dumped.frames = frames_of(taken);
  return dumped;
}

void Dumper::add_notes(ThreadDump& dump) const {
  auto approximate = std::count_if(dump.threads.begin(), dump.threads.end(),
                                   [](const DumpedThread& thread) { return thread.approximate; });
  if (approximate != 0 && !no_pause_.empty())
    dump.notes.push_back(fmt::format("no thread could be held: {}", no_pause_));
  if (approximate != 0)
    dump.notes.push_back(
        fmt::format("{} read while running, so frames may not belong together",
                    approximate == 1 ? "1 thread was" : fmt::format("{} threads were", approximate)));
  if (holder_missed_) dump.notes.emplace_back("the GIL changed hands too fast to tell who holds it");
  if (variables_cut_)
    dump.notes.emplace_back(
        "a thread has more variables than are read at once; those nearest the root are left out");
}

// Tasks are read while the threads that run their loops do what they do.
void Dumper::add_tasks(ThreadDump& dump) {
  std::unordered_map<pid_t, DumpedStack> stacks;
  for (const DumpedThread& thread : dump.threads)
    stacks[*thread.tid] = {std::move(taken_[*thread.tid].addresses), thread.frames};
  PythonThreads states;
  states.interpreters = table_.interpreters();
  for (auto& thread : table_.threads())
    states.threads.insert(states.threads.end(), thread->states.begin(), thread->states.end());
  dump.tasks = dump_tasks(process_, python_, stacks_, states, stacks);
  for (auto& thread : table_.threads()) {
    bool runs_tasks = std::any_of(dump.tasks.begin(), dump.tasks.end(),
                                  [&](const DumpedTask& task) { return task.tid == thread->tid; });
    const Taken& taken = taken_[thread->tid];
    if (runs_tasks && (!taken.times || thread->probe.times() != taken.times)) {
      dump.notes.emplace_back(
          "an event loop ran while its tasks were read, so they may be of slightly different moments");
      return;
    }
  }
}

void Dumper::add_native_frames(ThreadDump& dump) {
  for (DumpedThread& thread : dump.threads)
    thread.frames = merge_->merged(taken_[*thread.tid].machine, std::move(thread.frames));
  merge_->add_notes(dump, options_.nonblocking ? "--nonblocking" : no_pause_);
}

ThreadDump Dumper::take() {
  table_.refresh(monotonic_now());
  stacks_.begin_batch();
  auto& threads = table_.threads();
  if (merge_) merge_->read_ahead(threads);
  for (auto& thread : threads) take_standing(*thread, taken_[thread->tid], false);
  find_holders();
  for (auto& thread : threads) {
    if (!taken_[thread->tid].done) take_thread(*thread, taken_[thread->tid]);
  }
  for (Nanoseconds held : reader_->take_holds()) pauses_.push_back(held);
  if (!process_.alive() || process_.has_execed())
    throw Error(ExitCode::kTargetEnded,
                fmt::format("process {} ended while it was looked at", process_.pid()));

  ThreadDump dump;
  dump.pid = process_.pid();
  dump.runtime = "python";
  dump.version = python_.layout.version.text();
  dump.program = python_.module;
  dump.command = process_.command();
  auto names = ThreadNames(process_.memory(), python_.layout).read(table_.interpreters());
  std::sort(threads.begin(), threads.end(), [](const auto& a, const auto& b) { return a->tid < b->tid; });
  for (auto& thread : threads) {
    DumpedThread each = dumped(*thread, names);
    if (each.state != ThreadState::kEnded) dump.threads.push_back(std::move(each));
  }
  add_tasks(dump);
  if (merge_) add_native_frames(dump);
  // The first one first, also where thread ids have wrapped around.
  std::stable_partition(dump.threads.begin(), dump.threads.end(),
                        [this](const DumpedThread& thread) { return thread.tid == process_.pid(); });
  dump.pauses = std::move(pauses_);
  add_notes(dump);
  return dump;
}

}  // namespace

ThreadDump dump_python(const Process& process, const DumpOptions& options) {
  return Dumper(process, require_python(process), options).take();
}

}  // namespace rtprof
