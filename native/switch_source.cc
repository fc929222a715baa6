#include "native/switch_source.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "common/process/thread_probe.h"
#include "kernel/elapsed_time.h"
#include "kernel/kernel_stacks.h"
#include "kernel/piece_recorder.h"
#include "kernel/switch_account.h"
#include "native/departures.h"
#include "native/perf_base.h"
#include "native/standing_threads.h"

namespace rtprof::native {
namespace {

// Of a stack, at each context switch: rings hold a thousand of them for each CPU.
constexpr uint32_t kMostStackBytes = 16384;

class SwitchSource final : public PerfBase {
 public:
  SwitchSource(const Process& process, const SamplingPlan& plan, Recorder& recorder, Workshop& workshop,
               const CodeKind& kind, const std::string& no_bpf);

  std::optional<Failure> start();
  TimePoint since() const override { return since_; }
  bool ended() const override { return execed_ || !process_.alive(); }
  void drain(Recorder& recorder) override;
  void flush(Recorder& recorder) override;
  std::vector<RunQuality> quality() const override;

 private:
  Nanoseconds cpu_time() const override { return process_.cpu_time(); }
  void begin_batch() override { code_.begin_batch(true); }

  void on_sample(const kernel::SampleRecord& sample, Nanoseconds weight) override;
  void on_switch_stack(const kernel::SampleRecord& sample) override { departures_.keep(sample); }
  void on_switch(const kernel::SwitchRecord& record) override;
  void on_mapping(const kernel::MappingRecord&) override { code_.changed(); }
  void on_exec(pid_t, TimePoint) override { execed_ = true; }
  void on_thread_start(pid_t pid, pid_t tid, TimePoint time) override;
  void on_thread_end(pid_t pid, pid_t tid, TimePoint time) override;
  void on_name(const kernel::NameRecord& record) override;
  void on_lost(const kernel::LostRecord& record) override;
  void on_gap(uint32_t cpu, bool begins) override;

  void add_threads();
  void settle_doubts();
  void tell(const kernel::SwitchAccount::Told& told);
  RawStack wait_stack(const rt_record& record);
  RawStack running_stack(pid_t tid);
  RawStack initial_stack(pid_t tid);
  RawStack open_stack(const rt_open_thread& thread);
  void emit(const kernel::TimePiece& piece) { pieces_.record(piece, code_.unknown(piece.stack)); }

  const Process& process_;
  const std::string no_bpf_;
  ProcessCode code_;
  std::shared_ptr<kernel::KernelStacks> kernel_stacks_;
  kernel::PieceRecorder pieces_;
  kernel::ElapsedTime elapsed_;
  Departures departures_;
  std::optional<kernel::SwitchAccount> account_;
  // By thread:
  std::unordered_map<pid_t, RawStack> last_;    // of its last tick
  std::unordered_map<pid_t, RawStack> asleep_;  // off its CPU at the start, and still
  TimePoint since_ = 0;
  bool lost_ = false;  // since doubts were settled
  bool execed_ = false;
};

SwitchSource::SwitchSource(const Process& process, const SamplingPlan& plan, Recorder& recorder,
                           Workshop& workshop, const CodeKind& kind, const std::string& no_bpf)
    : PerfBase(process.pid(), plan, recorder, kind),
      process_(process),
      no_bpf_(no_bpf),
      code_(process, plan, recorder, workshop, kind.code),
      kernel_stacks_(std::make_shared<kernel::KernelStacks>(kernel::KernelSymbols::read)),
      pieces_(process.pid(), recorder, kernel_stacks_),
      elapsed_(
          process, plan, *kernel_stacks_, [this](const kernel::TimePiece& piece) { emit(piece); }, true),
      departures_(process, code_, *kernel_stacks_, plan.unwind == UnwindMethod::kFramePointer) {}

std::optional<Failure> SwitchSource::start() {
  kernel::PerfConfig wanted = config();
  wanted.pids = {process_.pid()};
  wanted.clock = elapsed_.sums();
  wanted.switch_stacks = true;
  // What it attaches to samples is not kept with the places where threads leave their CPUs.
  wanted.program = -1;
  // The reason is told by the kernel's functions and, of calls that wait for any of several files, by
  // registers.
  wanted.kernel_callchain = true;
  if (wanted.stack_bytes == 0) wanted.stack_bytes = sizeof(uint64_t);
  wanted.stack_bytes = std::min(wanted.stack_bytes, kMostStackBytes);
  if (auto failure = open(wanted)) return failure;
  since_ = monotonic_now();
  account_.emplace(elapsed_.target_options(since_));
  add_threads();
  elapsed_.start(since_);
  return std::nullopt;
}

// That run when the recording begins, and where those are that sleep.
void SwitchSource::add_threads() {
  StackReader reader(process_);
  for (pid_t tid : process_.threads()) {
    asleep_[tid] = code_.marker("[unknown: off its CPU since before the recording]");
    ThreadProbe probe(process_.pid(), tid);
    auto before = probe.times();
    account_->add_existing(tid, before ? before->slices : 0);
    auto place = probe.place_asleep();
    account_->assume(tid, !place && probe.state() == 'R');
    if (!place || !before) continue;
    Registers registers;
    registers.values[Registers::kRsp] = place->sp;
    registers.values[Registers::kRip] = place->pc;
    auto snapshot = reader.read(registers);
    if (!snapshot || probe.times() != before) continue;
    snapshot->known = 1U << Registers::kRsp | 1U << Registers::kRip;
    asleep_[tid] = code_.stack(tid, {}, *snapshot);
  }
}

void SwitchSource::drain(Recorder& recorder) {
  PerfBase::drain(recorder);
  departures_.settle();
  settle_doubts();
}

// After a loss: threads that have slept on since before it are in no doubt.
void SwitchSource::settle_doubts() {
  if (!lost_) return;
  lost_ = false;
  for (pid_t tid : account_->doubtful()) {
    ThreadProbe probe(process_.pid(), tid);
    auto times = probe.times();
    if (times && probe.asleep()) account_->confirm(tid, times->slices);
  }
}

void SwitchSource::flush(Recorder& recorder) {
  // What happened before this moment is drained.
  TimePoint now = monotonic_now();
  drain(recorder);
  std::vector<pid_t> tids = process_.threads();
  for (pid_t tid : tids) {
    add_thread(process_.pid(), tid);
    if (!account_->seen(tid)) account_->assume(tid, ThreadProbe(process_.pid(), tid).state() == 'R');
  }
  PerfBase::flush(recorder);
  std::vector<rt_open_thread> open = account_->open(tids, now);
  for (rt_open_thread& thread : open) {
    bool waits = thread.thread.activity != RT_THREAD_RUNNING && thread.thread.stack != 0;
    if (waits && (thread.thread.flags & RT_SAMPLE_NO_STACK) == 0)
      departures_.describe(static_cast<pid_t>(thread.tid), thread.site);
  }
  elapsed_.flush(
      open, [] {}, [this](const rt_open_thread& thread) { return open_stack(thread); });
}

std::vector<RunQuality> SwitchSource::quality() const {
  RunQuality common = PerfBase::quality().front();
  std::string reason =
      no_bpf_ + ": waits by context-switch records, without the moment at which a thread was woken";
  if (kernel_stacks_->nameless())
    reason +=
        "; the kernel's functions have no names, so that reasons are told by system calls, or [other]: " +
        kernel::KernelSymbols::how_to_show();
  common.reason = reason + (common.reason.empty() ? "" : "; " + common.reason);
  std::vector<RunQuality> all;
  for (Event event : plan_.events) {
    RunQuality each = common;
    each.event = event;
    if (event == Event::kOffCpu) each.requested_rate = 0;  // every wait, not samples
    pieces_.tell(each);
    each.asked = each.samples + each.lost;
    all.push_back(std::move(each));
  }
  return all;
}

void SwitchSource::on_sample(const kernel::SampleRecord& sample, Nanoseconds) {
  RawStack stack = stack_of(sample, code_);
  auto told = account_->on_tick(sample.id.tid, sample.id.cpu, sample.id.time);
  last_[sample.id.tid] = stack;
  tell(told);
}

void SwitchSource::on_switch(const kernel::SwitchRecord& record) {
  pid_t tid = record.id.tid;
  if (!record.out) {
    tell(account_->on_return(tid, record.id.cpu, record.id.time));
    return;
  }
  departures_.left(tid);
  tell(account_->on_leave(tid, record.id.cpu, record.id.time, record.preempted));
}

void SwitchSource::on_thread_start(pid_t pid, pid_t tid, TimePoint time) {
  add_thread(pid, tid);
  if (time <= since_) return;
  departures_.forget(tid);
  last_.erase(tid);
  asleep_.erase(tid);
  account_->on_start(tid, time);
}

void SwitchSource::on_thread_end(pid_t, pid_t tid, TimePoint time) {
  tell(account_->on_end(tid, time));
  code_.thread_changed(tid);
  departures_.forget(tid);
  last_.erase(tid);
  asleep_.erase(tid);
}

void SwitchSource::on_name(const kernel::NameRecord& record) {
  PerfBase::on_name(record);
  code_.thread_changed(record.id.tid);
}

void SwitchSource::on_lost(const kernel::LostRecord& record) {
  account_->on_lost(record.id.cpu);
  lost_ = true;
}

void SwitchSource::on_gap(uint32_t cpu, bool begins) {
  account_->on_gap(cpu, begins);
  lost_ = true;
}

void SwitchSource::tell(const kernel::SwitchAccount::Told& told) {
  if (told.wait) {
    rt_wait_record wait = *told.wait;
    auto tid = static_cast<pid_t>(wait.record.tid);
    bool placed = wait.record.stack != 0 && (wait.record.flags & RT_SAMPLE_NO_STACK) == 0;
    if (placed) departures_.describe(tid, wait.site);
    elapsed_.on_wait(wait, wait_stack(wait.record));
  }
  if (!told.sample) return;
  auto tid = static_cast<pid_t>(told.sample->record.tid);
  if (told.sample->record.type == RT_RECORD_THREAD_END) {
    elapsed_.on_thread_end(*told.sample, running_stack(tid));
  } else {
    elapsed_.on_sample(*told.sample, running_stack(tid));
  }
}

RawStack SwitchSource::wait_stack(const rt_record& record) {
  auto tid = static_cast<pid_t>(record.tid);
  if ((record.flags & RT_SAMPLE_NO_STACK) != 0) return code_.marker("[unknown: context switch not traced]");
  if (record.stack == 0) return initial_stack(tid);
  return departures_.stack(tid).value_or(code_.marker("[unknown: stack not taken]"));
}

// Where the thread was met last.
RawStack SwitchSource::running_stack(pid_t tid) {
  auto last = last_.find(tid);
  if (last != last_.end()) return last->second;
  return departures_.stack(tid).value_or(initial_stack(tid));
}

// Of a thread whose stack was never taken: it sleeps since before, or has only begun and called nothing yet.
RawStack SwitchSource::initial_stack(pid_t tid) {
  auto stack = asleep_.find(tid);
  return stack == asleep_.end() ? code_.stack({}, std::span<const Address>()) : stack->second;
}

RawStack SwitchSource::open_stack(const rt_open_thread& thread) {
  auto tid = static_cast<pid_t>(thread.tid);
  rt_record record{};
  record.tid = thread.tid;
  record.flags = thread.thread.flags;
  record.stack = thread.thread.stack;
  bool runs = thread.thread.activity == RT_THREAD_RUNNING && record.flags == 0;
  return runs ? running_stack(tid) : wait_stack(record);
}

}  // namespace

Result<std::unique_ptr<Source>> open_switch_source(const Process& process, const SamplingPlan& plan,
                                                   Recorder& recorder, Workshop& workshop,
                                                   const std::string& no_bpf, const CodeKind& kind) {
  auto source = std::make_unique<SwitchSource>(process, plan, recorder, workshop, kind, no_bpf);
  if (auto failure = source->start()) return *failure;
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace rtprof::native
