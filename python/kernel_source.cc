#include "python/kernel_source.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/base/file.h"
#include "kernel/elapsed_time.h"
#include "kernel/thread_clocks.h"
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

class PythonKernelSource final : public Source, public kernel::RecordSink {
 public:
  PythonKernelSource(const Process& process, const PythonProcess& python, const SamplingPlan& plan,
                     Recorder& recorder, kernel::BpfSampler& sampler, PythonBpfWalker& walker)
      : process_(process),
        plan_(plan),
        clocked_(plan.has(Event::kCpu) || plan.has(Event::kWall) || plan.lock_share),
        recorder_(recorder),
        sampler_(sampler),
        walker_(walker),
        stacks_(std::make_shared<PythonStacks>(process.memory(), python, process.directory())),
        namer_(recorder.add_namer(stacks_)),
        kernel_namer_(recorder.add_namer(sampler.kernel_stacks())),
        native_(stacks_->marker("[native]")),
        lost_stack_(stacks_->marker("[unknown: stack lost]")),
        untraced_(stacks_->marker("[unknown: context switch not traced]")),
        unread_(stacks_->marker("[unknown: asleep since before the recording]")),
        lock_known_(has_gil(python.layout.walk)),
        elapsed_(process, plan, *sampler.kernel_stacks(),
                 [this](const kernel::TimePiece& piece) { emit(piece); }),
        clocks_(plan.period(), sampler.clock_program()),
        thread_namer_(process, python.layout, recorder) {
    quality_.pid = process.pid();
    quality_.runtime = "python";
    quality_.runtime_version = python.layout.version.text();
    quality_.requested_rate = plan.rate;
  }

  ~PythonKernelSource() override {
    sampler_.remove_target(process_.pid(), target_);
    walker_.remove(process_.pid());
    for (pid_t tid : seen_) sampler_.forget_thread(tid);
  }
  PythonKernelSource(const PythonKernelSource&) = delete;
  PythonKernelSource& operator=(const PythonKernelSource&) = delete;

  // Opens the clocks of all threads, then the gate for what they and the scheduler tell; from there on
  // threads announce themselves, and those that were created while clocks were opened are found by looking
  // again.
  std::optional<Failure> start(const PythonLayout& layout) {
    if (auto failure = add_threads()) return failure;
    target_cpu_at_start_ = process_.cpu_time();
    started_ = monotonic_now();
    kernel::TargetOptions options = elapsed_.target_options(started_);
    if (plan_.gil_only || plan_.lock_share) options.flags |= RT_TARGET_LOCK;
    target_ = sampler_.add_target(process_.pid(), walker_, options, *this);
    if (kernel::ElapsedTime::wanted(plan_)) {
      read_sleepers(layout);
      elapsed_.start(started_);
    }
    return add_threads();
  }

  Schedule schedule() const override { return {0, sampler_.fd()}; }
  TimePoint since() const override { return started_; }
  void tick(TimePoint, Recorder&) override {}
  void missed_ticks(uint64_t) override {}

  void drain(Recorder&) override {
    stacks_->begin_batch();
    sampler_.drain();
    thread_namer_.update(monotonic_now());
    ++quality_.ticks;
  }

  void flush(Recorder&) override {
    thread_namer_.update_all();
    if (!kernel::ElapsedTime::wanted(plan_)) return;
    std::vector<rt_open_thread> open = sampler_.open_threads(process_.pid());
    std::erase_if(open, [this](const rt_open_thread& thread) { return thread.target != target_; });
    elapsed_.flush(open, [this] { sampler_.drain(); });
  }

  bool ended() const override { return execed_ || !process_.alive(); }

  std::vector<RunQuality> quality() const override {
    std::vector<RunQuality> all;
    for (Event event : plan_.events) {
      RunQuality each = quality_;
      each.event = event;
      if (event == Event::kOffCpu) each.requested_rate = 0;  // every wait, not samples
      each.lost = sampler_.lost(target_);
      each.samples = samples_[static_cast<size_t>(event)];
      each.unknown_frames = unknown_[static_cast<size_t>(event)];
      each.asked = each.samples + each.late_ticks + each.lost;
      each.threads = seen_.size();
      each.target_cpu = process_.cpu_time() - target_cpu_at_start_;
      each.total_weight = weights_[static_cast<size_t>(event)];
      if (plan_.lock_share && lock_known_) each.lock_held = lock_held_;
      all.push_back(std::move(each));
    }
    return all;
  }

  void on_stack(const rt_stack_record& record, std::span<const rt_raw_frame> leaf_first) override {
    static_assert(sizeof(rt_raw_frame) == sizeof(rt_py_frame));
    const auto* frames = reinterpret_cast<const rt_py_frame*>(leaf_first.data());
    uint32_t id = record.end == RT_END_NO_THREAD
                      ? native_
                      : stacks_->intern({frames, leaf_first.size()}, stack_end(record.end));
    // A thread that has a state but runs no Python code: one of the C threads that call into Python.
    known_[record.record.stack] = id == 0 ? native_ : id;
  }

  void on_sample(const rt_sample_record& record) override {
    kernel::ThreadClocks::Tick tick = clocks_.on_tick(record);
    quality_.late_ticks += tick.missed;
    if ((record.record.flags & RT_SAMPLE_HOLDS_LOCK) != 0) lock_held_ += tick.weight;
    TimePoint at = static_cast<TimePoint>(record.record.time);
    if (plan_.has(Event::kCpu) && !plan_.idle)
      emit({Event::kCpu, Reason::kNone, record.record, std::nullopt, at - tick.weight, tick.weight, 1});
    elapsed_.on_sample(record);
  }

  void on_wait(const rt_wait_record& record) override {
    elapsed_.on_wait(record);
    asleep_.erase(static_cast<pid_t>(record.record.tid));
  }

  void on_thread_start(const rt_record& record) override { add_thread(static_cast<pid_t>(record.tid)); }

  void on_thread_end(const rt_sample_record& record) override {
    auto tid = static_cast<pid_t>(record.record.tid);
    elapsed_.on_thread_end(record);
    clocks_.remove(tid);
    asleep_.erase(tid);
  }

  void on_exec(const rt_record&) override { execed_ = true; }

 private:
  // Once the kernel follows the threads: one of which it has seen nothing yet has slept since before that,
  // and its stack is the one of its open wait.
  void read_sleepers(const PythonLayout& layout) {
    for (pid_t tid : process_.threads()) asleep_[tid] = unread_;
    for (auto [tid, stack] : read_sleeping_threads(process_, layout, *stacks_, native_)) {
      if (!sampler_.thread(tid)) asleep_[tid] = stack;
    }
  }

  std::optional<Failure> add_threads() {
    for (pid_t tid : process_.threads()) {
      auto failure = add_thread(tid);
      if (failure && failure->error != ESRCH) return failure;
    }
    return std::nullopt;
  }

  std::optional<Failure> add_thread(pid_t tid) {
    if (clocked_) {
      if (auto failure = clocks_.add(tid)) return failure;
    }
    seen_.insert(tid);
    thread_namer_.add(tid);
    return std::nullopt;
  }

  uint32_t stack_of(const rt_record& record) {
    if ((record.flags & RT_SAMPLE_NO_STACK) != 0) return untraced_;
    if (record.stack == 0) return initial_stack(static_cast<pid_t>(record.tid));
    auto known = known_.find(record.stack);
    if (known == known_.end()) return lost_stack_;
    known->second = stacks_->revalidate(known->second);
    return known->second;
  }

  uint32_t initial_stack(pid_t tid) const {
    auto stack = asleep_.find(tid);
    return stack == asleep_.end() ? native_ : stack->second;
  }

  void emit(const kernel::TimePiece& piece) {
    if (plan_.gil_only && (piece.record.flags & RT_SAMPLE_HOLDS_LOCK) == 0) return;
    auto tid = static_cast<pid_t>(piece.record.tid);
    uint32_t stack = stack_of(piece.record);
    RawSample sample;
    sample.event = piece.event;
    sample.reason = piece.reason;
    sample.thread = {process_.pid(), tid};
    sample.stack = {namer_, stack};
    if (piece.kernel_stack) sample.callees = RawStack{kernel_namer_, *piece.kernel_stack};
    sample.start = piece.start;
    sample.duration = piece.time;
    sample.weight = piece.time;
    sample.count = piece.count;
    recorder_.sample(sample);
    auto index = static_cast<size_t>(piece.event);
    weights_[index] += piece.time;
    samples_[index] += piece.count;
    if (stacks_->unknown(stack)) unknown_[index] += piece.count;
  }

  const Process& process_;
  SamplingPlan plan_;
  bool clocked_;  // threads have clocks: not needed for waits alone
  Recorder& recorder_;
  kernel::BpfSampler& sampler_;
  PythonBpfWalker& walker_;
  std::shared_ptr<PythonStacks> stacks_;
  uint32_t namer_;
  uint32_t kernel_namer_;
  uint32_t native_;
  uint32_t lost_stack_;
  uint32_t untraced_;
  uint32_t unread_;
  uint32_t target_ = 0;
  TimePoint started_ = 0;
  bool execed_ = false;
  bool lock_known_;
  Nanoseconds lock_held_ = 0;
  kernel::ElapsedTime elapsed_;
  kernel::ThreadClocks clocks_;
  ThreadNamer thread_namer_;
  std::unordered_set<pid_t> seen_;
  std::unordered_map<uint64_t, uint32_t> known_;  // the kernel's hash of a stack → its id
  std::unordered_map<pid_t, uint32_t> asleep_;    // stacks of threads that slept at the start and still do
  RunQuality quality_;
  // By event.
  std::array<int64_t, 5> weights_{};
  std::array<uint64_t, 5> samples_{};
  std::array<uint64_t, 5> unknown_{};
  Nanoseconds target_cpu_at_start_ = 0;
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
  if (auto failure = source->start(python.layout)) return *failure;
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace rtprof
