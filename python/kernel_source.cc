#include "python/kernel_source.h"

#include <span>
#include <unordered_map>

#include "kernel/bpf_source.h"
#include "python/bpf_walker.h"
#include "python/initial_stacks.h"
#include "python/stacks.h"
#include "python/thread_namer.h"

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
                     Recorder& recorder, kernel::BpfSampler& sampler, PythonBpfWalker& walker)
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
        thread_namer_(process, python.layout, recorder) {}

  ~PythonKernelSource() override { walker_.remove(process_.pid()); }
  PythonKernelSource(const PythonKernelSource&) = delete;
  PythonKernelSource& operator=(const PythonKernelSource&) = delete;

  std::optional<Failure> start() {
    bool looks_at_lock = plan_.gil_only || plan_.lock_share;
    return BpfSource::start(&walker_, looks_at_lock ? RT_TARGET_LOCK : 0);
  }

 private:
  void begin_batch() override { stacks_->begin_batch(); }

  void name_threads(bool all) override {
    if (all) {
      thread_namer_.update_all();
    } else {
      thread_namer_.update(monotonic_now());
    }
  }

  void thread_came(pid_t tid) override { thread_namer_.add(tid); }
  void thread_woke(pid_t tid) override { asleep_.erase(tid); }

  void read_sleepers() override {
    for (pid_t tid : process_.threads()) asleep_[tid] = unread_;
    for (auto [tid, stack] : read_sleeping_threads(process_, layout_, *stacks_, native_)) {
      if (!sampler_.thread(tid)) asleep_[tid] = stack;
    }
  }

  void on_machine_stack(const rt_record&, const StackSnapshot&) override {}

  void on_stack(const rt_stack_record& record, std::span<const rt_raw_frame> leaf_first) override {
    static_assert(sizeof(rt_raw_frame) == sizeof(rt_py_frame));
    const auto* frames = reinterpret_cast<const rt_py_frame*>(leaf_first.data());
    uint32_t id = record.end == RT_END_NO_THREAD
                      ? native_
                      : stacks_->intern({frames, leaf_first.size()}, stack_end(record.end));
    // A thread that has a state but runs no Python code: one of the C threads that call into Python.
    known_[record.record.stack] = id == 0 ? native_ : id;
  }

  RawStack stack_of(const rt_record& record) override {
    if ((record.flags & RT_SAMPLE_NO_STACK) != 0) return {namer_, untraced_};
    return {namer_, known_stack(static_cast<pid_t>(record.tid), record.stack)};
  }
  // Of a thread of this process: stacks of others are in the tables of theirs.
  std::optional<RawStack> waker_stack(const rt_waker_record& record) override {
    if (static_cast<pid_t>(record.waker.pid) != process_.pid()) return std::nullopt;
    auto known = known_.find(record.waker.stack);
    return RawStack{namer_, known == known_.end() ? native_ : known->second};
  }
  RawStack open_stack(const rt_open_thread& thread) override {
    return {namer_, known_stack(static_cast<pid_t>(thread.tid), thread.thread.stack)};
  }
  bool unknown(RawStack stack) const override { return stacks_->unknown(stack.id); }

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

  const PythonLayout layout_;
  PythonBpfWalker& walker_;
  std::shared_ptr<PythonStacks> stacks_;
  uint32_t namer_;
  uint32_t native_;
  uint32_t lost_stack_;
  uint32_t untraced_;
  uint32_t unread_;
  ThreadNamer thread_namer_;
  std::unordered_map<uint64_t, uint32_t> known_;  // the kernel's hash of a stack → its id
  std::unordered_map<pid_t, uint32_t> asleep_;    // stacks of threads that slept at the start and still do
};

}  // namespace

Result<std::unique_ptr<Source>> open_python_kernel(const Process& process, const PythonProcess& python,
                                                   const SamplingPlan& plan, Recorder& recorder,
                                                   kernel::BpfSampler& sampler) {
  auto walker = sampler.walker("python", PythonBpfWalker::load);
  if (!walker) return walker.failure();
  auto& python_walker = static_cast<PythonBpfWalker&>(**walker);
  if (auto failure = python_walker.add(process.pid(), python.layout.walk)) return *failure;
  auto source = std::make_unique<PythonKernelSource>(process, python, plan, recorder, sampler, python_walker);
  if (auto failure = source->start()) return *failure;
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace rtprof
