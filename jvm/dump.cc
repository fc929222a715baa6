#include "jvm/dump.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>

#include "common/process/procfs.h"
#include "jvm/continuations.h"
#include "jvm/deadlocks.h"
#include "jvm/inner_tids.h"
#include "jvm/java_code.h"
#include "jvm/java_threads.h"
#include "jvm/locate.h"
#include "jvm/thread_waits.h"
#include "native/dumped_frames.h"
#include "native/thread_stacks.h"

namespace rtprof::jvm {
namespace {

using native::MachineFrame;
using native::ThreadStacks;

// A JVM that is still starting is waited for.
constexpr Nanoseconds kPatience = kSecond;

class Dumper {
 public:
  Dumper(const Process& process, JvmSearch jvm, const DumpOptions& options)
      : process_(process),
        options_(options),
        version_(std::move(jvm.version)),
        program_(std::move(jvm.program)),
        layout_(std::move(*jvm.layout)),
        continuations_(std::make_shared<Continuations>(process, layout_, true)),
        code_(process.memory(), layout_, FrameDetail{.lines = true}, continuations_),
        stacks_(process, options, &code_),
        java_threads_(process.memory(), layout_) {}

  ThreadDump take();

 private:
  // What is read of Java threads at one time.
  struct Look {
    std::vector<JavaThread> threads;
    std::vector<ThreadWait> waits;
    std::unordered_map<pid_t, size_t> by_tid;  // as we see them
  };

  Look look();
  void describe(const ThreadStacks::Taken& taken, pid_t tid, DumpedThread& thread);
  bool holds_still(const ThreadStacks::Taken& taken, pid_t tid, size_t index) const;
  std::vector<DumpedFrame> frames(const ThreadStacks::Taken& taken, std::string_view kernel_name);
  void append(const MachineFrame& frame, std::vector<DumpedFrame>& leaf_first);
  void add_holders(ThreadDump& dump);
  bool lasts(const ThreadDump& dump, std::span<const size_t> cycle);
  std::vector<std::optional<ThreadTimes>> times_asleep(const ThreadDump& dump,
                                                       std::span<const size_t> cycle) const;
  bool is_cycle(std::span<const size_t> cycle);

  const Process& process_;
  const DumpOptions options_;
  const std::string version_;
  const std::string program_;
  const Layout layout_;
  const std::shared_ptr<Continuations> continuations_;
  JavaCode code_;
  ThreadStacks stacks_;
  JavaThreads java_threads_;
  std::string problem_;  // why Java threads could not be read
  Look before_, after_;  // the stacks were taken
  Profile profile_;      // of the frames' names
  // By the dump's threads: in after_, of one that held still.
  std::vector<std::optional<size_t>> java_index_;
};

Dumper::Look Dumper::look() {
  Look look;
  problem_.clear();
  if (auto failure = java_threads_.begin()) {
    problem_ = failure->message;
    return look;
  }
  look.threads = java_threads_.read();
  look.waits = waits_of(process_.memory(), layout_, look.threads, java_threads_.objects());
  InnerTids tids(process_);
  for (size_t i = 0; i < look.threads.size(); ++i) look.by_tid[tids.outer(look.threads[i].tid)] = i;
  return look;
}

// Whether what was read of a Java thread is of the moment at which its stack was taken.
bool Dumper::holds_still(const ThreadStacks::Taken& taken, pid_t tid, size_t index) const {
  if (taken.stands()) return true;
  // One that waits for a monitor spins at first, and up to JDK 22 one of them looks at it now and then.
  // Others that were awake did not wait.
  const ThreadWait& wait = after_.waits[index];
  if (taken.state != ThreadState::kSleeping && !wait.is_blocked) return false;
  auto before = before_.by_tid.find(tid);
  return before != before_.by_tid.end() && before_.waits[before->second] == wait;
}

void Dumper::append(const MachineFrame& frame, std::vector<DumpedFrame>& leaf_first) {
  if (frame.made == 0) {
    native::append_dumped_frames(frame, process_, stacks_.space(), stacks_.symbolizer(), profile_,
                                 leaf_first);
    return;
  }
  std::vector<FrameId> named;
  code_.name(frame.made, profile_, named);
  for (FrameId id : named) {
    const Frame& found = profile_.frame(id);
    leaf_first.push_back({.kind = found.kind,
                          .function = std::string(profile_.string(found.function)),
                          .module = std::string(profile_.string(found.module)),
                          .line = found.line});
  }
}

// Java's, with the native ones that it called where they are asked for. Of a thread without Java frames all
// native ones, or what it is for.
std::vector<DumpedFrame> Dumper::frames(const ThreadStacks::Taken& taken, std::string_view kernel_name) {
  auto is_java = [this](const MachineFrame& frame) {
    return frame.made != 0 && code_.is_language(frame.made);
  };
  std::vector<DumpedFrame> leaf_first;
  auto end = std::find_if(taken.frames.rbegin(), taken.frames.rend(), is_java).base();
  const bool has_java = end != taken.frames.begin();
  if (!has_java && options_.native) end = taken.frames.end();
  for (auto frame = taken.frames.begin(); frame != end; ++frame) {
    if (options_.native || is_java(*frame)) append(*frame, leaf_first);
  }
  std::string_view kind = has_java ? std::string_view() : code_.thread_kind(kernel_name);
  bool is_lost = taken.end == native::UnwindEnd::kBroken || taken.end == native::UnwindEnd::kNoRule;
  std::string_view mark = native::unwind_end_text(taken.end);
  if (is_lost && !taken.runtime_problem.empty()) mark = taken.runtime_problem;
  // What a thread of HotSpot's own lacks is no Java.
  if (!kind.empty() && !options_.native) mark = {};
  native::append_marks(taken, mark, leaf_first);
  if (!kind.empty()) leaf_first.push_back({.kind = FrameKind::kNative, .function = std::string(kind)});
  if (leaf_first.empty()) leaf_first.push_back({.kind = FrameKind::kNative, .function = "[native]"});
  return leaf_first;
}

void Dumper::describe(const ThreadStacks::Taken& taken, pid_t tid, DumpedThread& thread) {
  auto found = after_.by_tid.find(tid);
  if (found == after_.by_tid.end()) return;
  const JavaThread& java = after_.threads[found->second];
  if (!java.name.empty()) thread.name = java.name;
  thread.is_daemon = java.is_daemon;
  if (const auto& carried = taken.carried)
    thread.carries = fmt::format("{} vid={}", carried->name.empty() ? "thread" : carried->name, carried->id);
  if (!holds_still(taken, tid, found->second)) return;
  java_index_.back() = found->second;
  const ThreadWait& wait = after_.waits[found->second];
  thread.wait_reason = wait.reason;
  thread.waiting_for = wait.lock;
}

// Who holds what threads wait for, and who waits for one another for ever.
void Dumper::add_holders(ThreadDump& dump) {
  std::unordered_map<Address, size_t> by_java;
  for (size_t i = 0; i < dump.threads.size(); ++i) {
    auto java = after_.by_tid.find(*dump.threads[i].tid);
    if (java != after_.by_tid.end()) by_java[after_.threads[java->second].address] = i;
  }
  std::vector<std::optional<size_t>> holders(dump.threads.size());
  for (size_t i = 0; i < dump.threads.size(); ++i) {
    const ThreadWait* wait = java_index_[i] ? &after_.waits[*java_index_[i]] : nullptr;
    auto holder = wait != nullptr && wait->holder != 0 ? by_java.find(wait->holder) : by_java.end();
    if (holder == by_java.end()) continue;
    dump.threads[i].held_by = holder->second;
    if (wait->may_last && java_index_[holder->second]) holders[i] = holder->second;
  }
  for (auto& cycle : find_cycles(holders)) {
    if (lasts(dump, cycle)) dump.deadlocks.push_back(std::move(cycle));
  }
}

// Whether a cycle of the dump's threads is a deadlock.
bool Dumper::lasts(const ThreadDump& dump, std::span<const size_t> cycle) {
  return is_deadlock(
      {.times = [&] { return times_asleep(dump, cycle); }, .is_cycle = [&] { return is_cycle(cycle); }});
}

std::vector<std::optional<ThreadTimes>> Dumper::times_asleep(const ThreadDump& dump,
                                                             std::span<const size_t> cycle) const {
  std::vector<std::optional<ThreadTimes>> all;
  for (size_t thread : cycle) {
    const ThreadProbe& probe = stacks_.threads().at(*dump.threads[thread].tid).probe;
    auto times = probe.times();
    // Where the kernel does not count how often a thread was given a CPU, it may have run unseen.
    bool is_asleep = times && times->slices != 0 && probe.asleep();
    all.push_back(is_asleep ? times : std::nullopt);
  }
  return all;
}

// Whether the threads of a cycle are one, as of now.
bool Dumper::is_cycle(std::span<const size_t> cycle) {
  if (java_threads_.begin()) return false;
  const std::vector<JavaThreads::Known> all = java_threads_.list();
  std::vector<JavaThread> threads;
  for (size_t each : cycle) {
    const JavaThread& before = after_.threads[*java_index_[each]];
    auto known = std::find_if(all.begin(), all.end(), [&](const JavaThreads::Known& thread) {
      return thread.address == before.address && thread.tid == before.tid;
    });
    auto thread = known == all.end() ? std::nullopt : java_threads_.read(*known);
    if (!thread) return false;
    threads.push_back(std::move(*thread));
  }
  auto waits = waits_of(process_.memory(), layout_, threads, java_threads_.objects());
  for (size_t i = 0; i < waits.size(); ++i) {
    if (!waits[i].may_last || waits[i].holder != threads[(i + 1) % threads.size()].address) return false;
  }
  return true;
}

ThreadDump Dumper::take() {
  continuations_->prepare();
  before_ = look();
  stacks_.take();
  after_ = look();

  ThreadDump dump;
  dump.pid = process_.pid();
  dump.runtime = "jvm";
  dump.version = version_;
  dump.program = program_;
  dump.command = process_.command();
  for (const auto& [tid, taken] : stacks_.threads()) {
    if (taken.state == ThreadState::kEnded) continue;
    DumpedThread thread;
    thread.tid = tid;
    thread.name = kernel_thread_name(process_.pid(), tid);
    thread.state = taken.state;
    thread.frames = frames(taken, thread.name);
    java_index_.emplace_back();
    describe(taken, tid, thread);
    dump.threads.push_back(std::move(thread));
  }
  add_holders(dump);
  stacks_.add_notes(dump);
  if (options_.variables) dump.notes.emplace_back("variables are shown of Python only");
  if (!problem_.empty())
    dump.notes.push_back(
        fmt::format("Java threads have no names, and what they wait for is not known: {}", problem_));
  return dump;
}

}  // namespace

ThreadDump dump_jvm(const Process& process, const DumpOptions& options) {
  return Dumper(process, require_jvm(process, kPatience), options).take();
}

}  // namespace rtprof::jvm
