#include "native/wait_source.h"

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/process/thread_probe.h"
#include "common/sampler/thread_namer.h"
#include "kernel/bpf_source.h"
#include "kernel/thread_registers.h"
#include "native/process_code.h"
#include "native/standing_threads.h"

namespace rtprof::native {
namespace {

class WaitSource final : public kernel::BpfSource {
 public:
  WaitSource(const Process& process, const SamplingPlan& plan, Recorder& recorder,
             kernel::BpfSampler& sampler, Workshop& workshop, const CodeKind& kind)
      : kernel::BpfSource(process, plan, recorder, sampler, kind.runtime, kind.version, false),
        code_(process, plan, recorder, workshop, kind.code),
        program_(kind.sample_program),
        namer_(process.pid(), recorder, kind.thread_names) {}

  std::optional<Failure> start() {
    uint32_t flags = RT_TARGET_MACHINE | (plan_.kernel_frames ? RT_TARGET_KERNEL : 0);
    Result<const kernel::Walker*> walker = nullptr;
    if (program_) walker = program_->for_snapshots(sampler_);
    if (!walker) limit(walker.failure().message);
    if (program_ && walker) flags |= RT_TARGET_ATTACHES;
    auto failure = kernel::BpfSource::start(walker ? *walker : nullptr, flags);
    registers_.reset();
    return failure;
  }

 private:
  void begin_batch() override {
    code_.begin_batch();
    if (program_) program_->update();
  }

  void thread_came(pid_t tid) override {
    sampler_.keep_wait_snapshots(tid, true);
    namer_.add(tid);
  }
  void thread_woke(pid_t tid) override { asleep_.erase(tid); }
  void thread_ended(pid_t tid) override {
    last_.erase(tid);
    wakers_.erase(tid);
    code_.thread_changed(tid);
  }
  void name_threads(bool all) override {
    if (all) {
      namer_.update_all(process_.threads());
    } else {
      namer_.update(monotonic_now());
    }
  }

  // The first time takes the longest: unwind tables are made.
  void prepare() override { read_sleepers(); }
  void read_sleepers() override;
  void on_stack(const rt_stack_record&, std::span<const rt_raw_frame>) override {}
  void on_machine_stack(const rt_record& record, const StackSnapshot& snapshot) override {
    auto tid = static_cast<pid_t>(record.tid);
    auto& stacks = (record.flags & RT_MACHINE_OF_WAKER) != 0 ? wakers_ : last_;
    stacks[tid] = code_.stack(tid, {}, snapshot);
  }

  RawStack stack_of(const rt_record& record) override;
  std::optional<RawStack> waker_stack(const rt_waker_record& record) override;
  RawStack open_stack(const rt_open_thread& thread) override;
  bool unknown(RawStack stack) const override { return code_.unknown(stack); }
  pid_t owner(pid_t tid, RawStack stack) const override { return code_.owner(tid, stack); }
  RawStack initial_stack(pid_t tid);

  ProcessCode code_;
  const std::shared_ptr<SampleProgram> program_;  // null: none
  ThreadNamer namer_;
  // By thread:
  std::unordered_map<pid_t, RawStack> last_;    // of its last sample or wait
  std::unordered_map<pid_t, RawStack> wakers_;  // of what woke it up last
  struct Sleeper {
    RawStack stack;
    std::optional<ThreadTimes> times;  // when it was taken; nothing where it was not
  };
  std::unordered_map<pid_t, Sleeper> asleep_;  // off its CPU at the start, and still
  // While sleepers are read; it takes a while to load.
  std::optional<kernel::ThreadRegisters> registers_;
  std::vector<uint8_t> bytes_;
};

void WaitSource::read_sleepers() {
  std::map<pid_t, ThreadTimes> before;
  for (pid_t tid : process_.threads()) {
    ThreadProbe probe(process_.pid(), tid);
    auto times = probe.times();
    bool is_asleep = times && probe.asleep();
    auto [sleeper, is_new] = asleep_.try_emplace(tid);
    bool has_slept_on = !is_new && is_asleep && times == sleeper->second.times;
    if (has_slept_on) continue;
    sleeper->second = {code_.marker("[unknown: off its CPU since before the recording]"), std::nullopt};
    if (is_asleep) before[tid] = *times;
  }
  if (before.empty()) return;
  if (!registers_) {
    auto opened = kernel::ThreadRegisters::open();
    if (!opened) return;
    registers_ = std::move(*opened);
  }
  StackReader reader(process_);
  read_standing_threads(process_, *registers_, reader, code_.runtime(), before,
                        [&](pid_t tid, const StackSnapshot& snapshot) {
                          asleep_[tid] = {code_.stack(tid, {}, snapshot), before.at(tid)};
                        });
}

// Of a thread whose stack was never taken: it sleeps since before, or has only begun and called nothing yet.
RawStack WaitSource::initial_stack(pid_t tid) {
  auto stack = asleep_.find(tid);
  return stack == asleep_.end() ? code_.stack({}, std::span<const Address>()) : stack->second.stack;
}

RawStack WaitSource::stack_of(const rt_record& record) {
  auto tid = static_cast<pid_t>(record.tid);
  if ((record.flags & RT_SAMPLE_NO_STACK) != 0) return code_.marker("[unknown: context switch not traced]");
  if (record.stack == 0) return initial_stack(tid);
  auto last = last_.find(tid);
  // What a thread ran after its last record has the stack of that.
  bool is_its = (record.flags & RT_SAMPLE_MACHINE) != 0 || record.type == RT_RECORD_THREAD_END;
  if (is_its && last != last_.end()) return last->second;
  return code_.marker("[unknown: stack not taken]");
}

// Of a thread of this process: the code of others is not looked at.
std::optional<RawStack> WaitSource::waker_stack(const rt_waker_record& record) {
  auto stack = wakers_.find(static_cast<pid_t>(record.record.tid));
  if ((record.waker.flags & RT_SAMPLE_MACHINE) == 0 || stack == wakers_.end()) return std::nullopt;
  return stack->second;
}

// The stack of an open wait was not sent yet. A running thread is where it was met last.
RawStack WaitSource::open_stack(const rt_open_thread& thread) {
  auto tid = static_cast<pid_t>(thread.tid);
  if (thread.thread.stack == 0) return initial_stack(tid);
  if (thread.thread.activity != RT_THREAD_RUNNING) {
    if ((thread.thread.flags & RT_SAMPLE_MACHINE) == 0) return code_.marker("[unknown: stack not taken]");
    auto snapshot = sampler_.wait_snapshot(tid, thread.thread, bytes_);
    return snapshot ? code_.stack(tid, {}, *snapshot) : code_.marker("[unknown: went on while it was read]");
  }
  auto last = last_.find(tid);
  return last != last_.end() ? last->second : code_.marker("[unknown: stack not taken]");
}

}  // namespace

Result<std::unique_ptr<Source>> open_wait_source(const Process& process, const SamplingPlan& plan,
                                                 Recorder& recorder, kernel::BpfSampler& sampler,
                                                 Workshop& workshop, const CodeKind& kind) {
  auto source = std::make_unique<WaitSource>(process, plan, recorder, sampler, workshop, kind);
  if (auto failure = source->start()) return *failure;
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace rtprof::native
