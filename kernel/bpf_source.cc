#include "kernel/bpf_source.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace rtprof::kernel {

BpfSource::BpfSource(const Process& process, const SamplingPlan& plan, Recorder& recorder,
                     BpfSampler& sampler, std::string_view runtime, std::string_view version, bool has_lock)
    : process_(process),
      plan_(plan),
      recorder_(recorder),
      sampler_(sampler),
      clocked_(plan.has(Event::kCpu) || plan.has(Event::kWall) || plan.lock_share),
      has_lock_(has_lock),
      pieces_(process.pid(), recorder, sampler.kernel_stacks()),
      wakers_(std::make_shared<WakerStacks>(recorder, plan.kernel_frames)),
      waker_namer_(recorder.add_namer(wakers_)),
      elapsed_(process, plan, *sampler.kernel_stacks(), [this](const TimePiece& piece) { emit(piece); }),
      clocks_(plan.period(), sampler.clock_program()) {
  quality_.pid = process.pid();
  quality_.runtime = runtime;
  quality_.runtime_version = version;
  quality_.requested_rate = plan.rate;
}

BpfSource::~BpfSource() {
  if (target_ != 0) sampler_.remove_target(process_.pid(), target_);
  for (pid_t tid : threads_) sampler_.forget_thread(tid);
}

std::optional<Failure> BpfSource::start(const Walker* walker, uint32_t flags) {
  if (ElapsedTime::wanted(plan_)) {
    sampler_.kernel_stacks()->prepare();
    prepare();
  }
  if (auto failure = add_threads()) return failure;
  target_cpu_ = target_cpu_at_start_ = process_.cpu_time();
  started_ = monotonic_now();
  TargetOptions options = elapsed_.target_options(started_);
  options.flags |= flags;
  target_ = sampler_.add_target(process_.pid(), walker, options, *this);
  if (ElapsedTime::wanted(plan_)) {
    read_sleepers();
    elapsed_.start(started_);
  }
  return add_threads();
}

void BpfSource::drain(Recorder&) {
  begin_batch();
  target_cpu_ = process_.cpu_time();
  sampler_.drain();
  name_threads(false);
  ++quality_.ticks;
}

void BpfSource::flush(Recorder&) {
  name_threads(true);
  if (!ElapsedTime::wanted(plan_)) return;
  target_cpu_ = process_.cpu_time();
  std::vector<rt_open_thread> open = sampler_.open_threads(process_.pid());
  std::erase_if(open, [this](const rt_open_thread& thread) { return thread.target != target_; });
  elapsed_.flush(
      open, [this] { sampler_.drain(); },
      [this](const rt_open_thread& thread) { return open_stack(thread); });
}

std::vector<RunQuality> BpfSource::quality() const {
  std::vector<RunQuality> all;
  for (Event event : plan_.events) {
    RunQuality each = quality_;
    each.event = event;
    if (event == Event::kOffCpu) each.requested_rate = 0;  // every wait, not samples
    each.lost = sampler_.lost(target_);
    pieces_.tell(each);
    each.asked = each.samples + each.late_ticks + each.lost;
    each.threads = thread_count_;
    each.target_cpu = target_cpu_ - target_cpu_at_start_;
    if (plan_.lock_share && has_lock_) each.lock_held = lock_held_;
    all.push_back(std::move(each));
  }
  return all;
}

void BpfSource::on_sample(const rt_sample_record& record) {
  CpuClocks* of_cpus = sampler_.cpu_clocks();
  ClockTick tick = of_cpus != nullptr ? of_cpus->on_tick(record) : clocks_.on_tick(record);
  quality_.late_ticks += tick.missed;
  if ((record.record.flags & RT_SAMPLE_HOLDS_LOCK) != 0) lock_held_ += tick.weight;
  TimePoint at = static_cast<TimePoint>(record.record.time);
  RawStack stack = stack_of(record.record);
  if (plan_.has(Event::kCpu) && !plan_.idle) {
    emit({Event::kCpu, Reason::kNone, static_cast<pid_t>(record.record.tid), record.record.flags, stack,
          sampler_.kernel_stacks()->find(record.kernel_stack), std::nullopt, at - tick.weight, tick.weight,
          1});
  }
  elapsed_.on_sample(record, stack);
}

void BpfSource::on_waker(const rt_waker_record& record) {
  const rt_waker& waker = record.waker;
  std::optional<RawStack> kernel;
  if (auto id = sampler_.kernel_stacks()->find(waker.kernel_stack))
    kernel = RawStack{pieces_.kernel_namer(), *id};
  std::string command(waker.command, strnlen(waker.command, sizeof waker.command));
  uint32_t id = wakers_->intern(kernel, waker_stack(record), command);
  woken_[static_cast<pid_t>(record.record.tid)] = {{waker_namer_, id}, record.record.time};
}

void BpfSource::on_wait(const rt_wait_record& record) {
  auto tid = static_cast<pid_t>(record.record.tid);
  std::optional<RawStack> waker;
  if (auto woken = woken_.extract(tid); woken && woken.mapped().time == record.record.time)
    waker = woken.mapped().by;
  elapsed_.on_wait(record, stack_of(record.record), waker);
  thread_woke(tid);
}

void BpfSource::on_thread_start(const rt_record& record) {
  auto tid = static_cast<pid_t>(record.tid);
  short_lives_.began(tid, static_cast<TimePoint>(record.time));
  add_thread(tid);
}

void BpfSource::on_thread_end(const rt_sample_record& record) {
  auto tid = static_cast<pid_t>(record.record.tid);
  bool too_short = short_lives_.ended(tid, static_cast<TimePoint>(record.record.time));
  if (too_short && clocked_) sampler_.use_cpu_clocks(plan_.period());
  elapsed_.on_thread_end(record, stack_of(record.record));
  clocks_.remove(tid);
  woken_.erase(tid);
  threads_.erase(tid);
  sampler_.forget_snapshots(tid);
  thread_woke(tid);
  thread_ended(tid);
}

std::optional<Failure> BpfSource::add_threads() {
  for (pid_t tid : process_.threads()) {
    auto failure = add_thread(tid);
    if (failure && failure->error != ESRCH) return failure;
  }
  return std::nullopt;
}

std::optional<Failure> BpfSource::add_thread(pid_t tid) {
  if (auto failure = add_clock(tid)) return failure;
  if (threads_.insert(tid).second) ++thread_count_;
  thread_came(tid);
  return std::nullopt;
}

std::optional<Failure> BpfSource::add_clock(pid_t tid) {
  if (!clocked_ || sampler_.cpu_clocks() != nullptr) return std::nullopt;
  auto failure = clocks_.add(tid);
  if (!failure || failure->error != EMFILE) return failure;
  clocks_.clear();
  return sampler_.use_cpu_clocks(plan_.period());
}

void BpfSource::emit(const TimePiece& piece) {
  if (plan_.gil_only && (piece.flags & RT_SAMPLE_HOLDS_LOCK) == 0) return;
  TimePiece owned = piece;
  owned.tid = owner(piece.tid, piece.stack);
  pieces_.record(owned, unknown(piece.stack));
}

}  // namespace rtprof::kernel
