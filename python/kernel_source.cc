#include "python/kernel_source.h"

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "kernel/bpf_source.h"
#include "python/bpf_walker.h"
#include "python/initial_stacks.h"
#include "python/merged_stacks.h"
#include "python/stacks.h"
#include "python/thread_names_by_tid.h"

namespace rtprof {
namespace {

StackEnd stack_end(uint32_t end) {
  switch (end) {
    case RT_END_COMPLETE:
      return StackEnd::kComplete;
    case RT_END_TRUNCATED:
      return StackEnd::kTruncated;
    default:
      return StackEnd::kPageNotResident;
  }
}

class PythonKernelSource final : public kernel::BpfSource {
 public:
  PythonKernelSource(const Process& process, const PythonProcess& python, const SamplingPlan& plan,
                     Recorder& recorder, kernel::BpfSampler& sampler, PythonBpfWalker& walker,
                     native::Workshop& workshop)
      : BpfSource(process, plan, recorder, sampler, "python", python.layout.version.text(),
                  has_gil(python.layout.walk)),
        layout_(python.layout),
        walker_(walker),
        stacks_(std::make_shared<PythonStacks>(process.memory(), python, process.directory())),
        namer_(recorder.add_namer(stacks_)),
        native_(stacks_->marker("[native]")),
        lost_stack_(stacks_->marker("[unknown: stack lost]")),
        untraced_(stacks_->marker("[unknown: context switch not traced]")),
        unread_(stacks_->marker("[unknown: asleep since before the recording]")),
        thread_namer_(process.pid(), recorder, std::make_shared<ThreadNamesByTid>(process, python.layout)) {
    if (plan.native) merged_.emplace(process, plan, recorder, workshop, *stacks_, namer_);
  }

  ~PythonKernelSource() override { walker_.remove(process_.pid()); }
  PythonKernelSource(const PythonKernelSource&) = delete;
  PythonKernelSource& operator=(const PythonKernelSource&) = delete;

  std::optional<Failure> start() {
    bool looks_at_lock = plan_.gil_only || plan_.lock_share;
    uint32_t flags = looks_at_lock ? RT_TARGET_LOCK : 0;
    if (merged_) flags |= RT_TARGET_MACHINE;
    // Frames of Python alone end where it calls C.
    if (merged_ && plan_.kernel_frames) flags |= RT_TARGET_KERNEL;
    return BpfSource::start(&walker_, flags);
  }

 private:
  void begin_batch() override {
    stacks_->begin_batch();
    if (merged_) merged_->begin_batch();
  }

  void name_threads(bool all) override {
    if (all) {
      thread_namer_.update_all(process_.threads());
    } else {
      thread_namer_.update(monotonic_now());
    }
  }

  void thread_came(pid_t tid) override {
    if (merged_) sampler_.keep_wait_snapshots(tid, false);
    thread_namer_.add(tid);
  }
  void thread_woke(pid_t tid) override { asleep_.erase(tid); }
  void thread_ended(pid_t tid) override { machines_.erase(tid); }

  void read_sleepers() override {
    for (pid_t tid : process_.threads()) asleep_[tid] = unread_;
    for (auto [tid, stack] : read_sleeping_threads(process_, layout_, *stacks_, native_)) {
      if (!sampler_.thread(tid)) asleep_[tid] = stack;
    }
  }

  // Kept until the record that it belongs to, which names the Python stack.
  void on_machine_stack(const rt_record& record, const StackSnapshot& snapshot) override {
    if ((record.flags & RT_MACHINE_OF_WAKER) != 0) return;
    Machine& machine = machines_[static_cast<pid_t>(record.tid)];
    machine.bytes.assign(snapshot.stack.begin(), snapshot.stack.end());
    machine.snapshot = snapshot;
    machine.snapshot.stack = machine.bytes;
  }

  void on_stack(const rt_stack_record& record, std::span<const rt_raw_frame> leaf_first) override {
    static_assert(sizeof(rt_raw_frame) == sizeof(rt_py_frame));
    std::span<const rt_py_frame> frames(reinterpret_cast<const rt_py_frame*>(leaf_first.data()),
                                        leaf_first.size());
    uint64_t hash = record.record.stack;
    bool has_state = record.end != RT_END_NO_THREAD;
    if (merged_ && !has_state) merged_->add_without_state(hash);
    if (merged_ && has_state) {
      merged_->add(hash, frames, stack_end(record.end));
      unmarked_.assign(frames.begin(), frames.end());
      for (rt_py_frame& frame : unmarked_) frame.code &= ~RT_PY_ENTRY;
      frames = unmarked_;
    }
    uint32_t id = has_state ? stacks_->intern(frames, stack_end(record.end)) : native_;
    // A thread that has a state but runs no Python code: one of the C threads that call into Python.
    known_[hash] = id == 0 ? native_ : id;
  }

  RawStack stack_of(const rt_record& record) override {
    auto tid = static_cast<pid_t>(record.tid);
    if ((record.flags & RT_SAMPLE_NO_STACK) != 0) return {namer_, untraced_};
    auto machine = machines_.find(tid);
    if ((record.flags & RT_SAMPLE_MACHINE) != 0 && machine != machines_.end()) {
      if (auto merged = merged_->merge(record.stack, machine->second.snapshot)) return *merged;
    }
    return {namer_, known_stack(tid, record.stack)};
  }
  // Of a thread of this process: stacks of others are in the tables of theirs.
  std::optional<RawStack> waker_stack(const rt_waker_record& record) override {
    if (record.waker.stack == 0) return std::nullopt;
    return RawStack{namer_, known_stack(static_cast<pid_t>(record.waker.tid), record.waker.stack)};
  }
  RawStack open_stack(const rt_open_thread& thread) override {
    if (merged_) {
      auto snapshot = sampler_.wait_snapshot(static_cast<pid_t>(thread.tid), thread.thread, bytes_);
      auto merged = snapshot ? merged_->merge(thread.thread.stack, *snapshot) : std::nullopt;
      if (merged) return *merged;
    }
    return {namer_, known_stack(static_cast<pid_t>(thread.tid), thread.thread.stack)};
  }
  bool unknown(RawStack stack) const override {
    return merged_ && merged_->is_merged(stack) ? merged_->unknown(stack) : stacks_->unknown(stack.id);
  }

  uint32_t known_stack(pid_t tid, uint64_t hash) {
    if (hash == 0) return initial_stack(tid);
    auto known = known_.find(hash);
    if (known == known_.end()) return lost_stack_;
    known->second = stacks_->revalidate(known->second);
    return known->second;
  }

  uint32_t initial_stack(pid_t tid) const {
    auto stack = asleep_.find(tid);
    return stack == asleep_.end() ? native_ : stack->second;
  }

  struct Machine {
    std::vector<uint8_t> bytes;
    StackSnapshot snapshot;  // of the bytes
  };

  const PythonLayout layout_;
  PythonBpfWalker& walker_;
  std::shared_ptr<PythonStacks> stacks_;
  uint32_t namer_;
  uint32_t native_;
  uint32_t lost_stack_;
  uint32_t untraced_;
  uint32_t unread_;
  ThreadNamer thread_namer_;
  std::optional<PythonMergedStacks> merged_;     // with --native
  std::unordered_map<pid_t, Machine> machines_;  // by thread
  std::vector<rt_py_frame> unmarked_;
  std::vector<uint8_t> bytes_;
  std::unordered_map<uint64_t, uint32_t> known_;  // the kernel's hash of a stack → its id
  std::unordered_map<pid_t, uint32_t> asleep_;    // stacks of threads that slept at the start and still do
};

}  // namespace

Result<std::unique_ptr<Source>> open_python_kernel(const Process& process, const PythonProcess& python,
                                                   const SamplingPlan& plan, Recorder& recorder,
                                                   kernel::BpfSampler& sampler, native::Workshop& workshop) {
  auto walker = sampler.walker("python", PythonBpfWalker::load);
  if (!walker) return walker.failure();
  auto& python_walker = static_cast<PythonBpfWalker&>(**walker);
  if (auto failure = python_walker.add(process.pid(), python.layout.walk)) return *failure;
  auto source =
      std::make_unique<PythonKernelSource>(process, python, plan, recorder, sampler, python_walker, workshop);
  if (auto failure = source->start()) return *failure;
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace rtprof
