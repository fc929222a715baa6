#include "native/pull_target.h"

#include <optional>
#include <utility>
#include <vector>

#include "common/sampler/pull_source.h"
#include "common/sampler/pull_target.h"
#include "common/sampler/thread_list.h"
#include "common/sampler/thread_namer.h"
#include "kernel/process_files.h"
#include "kernel/record.h"
#include "native/process_code.h"
#include "native/stack_reader.h"

namespace rtprof::native {
namespace {

class NativePullTarget final : public PullTarget {
 public:
  NativePullTarget(const Process& process, const SamplingPlan& plan, Recorder& recorder, Workshop& workshop,
                   const CodeKind& kind, std::unique_ptr<RunningStacks> running)
      : process_(process),
        kind_(kind),
        list_(process, plan.max_pause_share),
        running_(std::move(running)),
        files_(process),
        code_(process, plan, recorder, workshop, kind.code),
        namer_(process.pid(), recorder, kind.thread_names),
        // The kernel copies as much.
        reader_(process, RT_MAX_STACK_BYTES) {}

  std::string runtime() const override { return kind_.runtime; }
  std::string version() const override { return kind_.version; }

  void begin_batch() override {
    code_.begin_batch();
    reader_.refresh();
    running_->begin_batch();
  }

  bool outdated() const override { return suspected_ || list_.outdated(); }
  std::vector<std::unique_ptr<PulledThread>> refresh(TimePoint now) override;
  const std::vector<PulledThread*>& threads() override { return threads_; }
  size_t seen() const override { return list_.seen(); }
  void suspect() override { suspected_ = true; }

  Reading read_running(PulledThread& thread) override;
  std::optional<Sleeper> read_asleep(PulledThread& thread, uint64_t slices) override;
  Reason reason_asleep(const PulledThread& thread) override {
    return files_.reason_of_sleeper(thread.tid, thread.probe);
  }

  std::optional<RawStack> unread(const PulledThread& thread) override {
    std::string_view told = running_->told(thread.tid);
    return told.empty() ? std::nullopt : std::optional(marker(told));
  }
  RawStack marker(std::string_view text) override { return code_.marker(text); }
  bool unknown(RawStack stack) const override { return code_.unknown(stack); }
  pid_t owner(pid_t tid, RawStack stack) const override { return code_.owner(tid, stack); }

  int late_fd() const override { return running_->late_fd(); }
  void release_late() override { running_->release_late(); }
  std::vector<Nanoseconds> take_holds() override { return running_->take_holds(); }
  uint64_t held_back() const override { return running_->held_back(); }

  void thread_came(pid_t tid) override { namer_.add(tid); }
  void name_threads(TimePoint now) override { namer_.update(now); }
  void name_all_threads() override { namer_.update_all(process_.threads()); }

 private:
  std::optional<ThreadPlace> place_asleep(const PulledThread& thread) const {
    if (!process_.has_insider()) return thread.probe.place_asleep();
    auto text = process_.syscall_of(thread.tid);
    return text ? parse_place(*text) : std::nullopt;
  }
  // Of a thread that does not run.
  std::vector<uint8_t> beside_stack(pid_t tid) {
    return code_.runtime() != nullptr ? code_.runtime()->beside_stack(tid) : std::vector<uint8_t>();
  }
  // `stands`: it has not run since the snapshot.
  RawStack unwind(std::optional<StackSnapshot>& snapshot, pid_t tid, bool stands) {
    if (!snapshot) return marker("[unknown: stack not readable]");
    snapshot->thread = tid;
    snapshot->stands = stands;
    return code_.stack(tid, {}, *snapshot);
  }

  const Process& process_;
  const CodeKind kind_;
  ThreadList<PulledThread> list_;
  std::vector<PulledThread*> threads_;
  std::unique_ptr<RunningStacks> running_;
  kernel::ProcessFiles files_;
  ProcessCode code_;
  ThreadNamer namer_;
  StackReader reader_;
  bool suspected_ = false;
};

std::vector<std::unique_ptr<PulledThread>> NativePullTarget::refresh(TimePoint now) {
  suspected_ = false;
  std::vector<std::unique_ptr<PulledThread>> ended = list_.refresh(now);
  for (const auto& thread : ended) code_.thread_changed(thread->tid);
  threads_.clear();
  for (const auto& thread : list_.threads()) threads_.push_back(thread.get());
  return ended;
}

PullTarget::Reading NativePullTarget::read_running(PulledThread& thread) {
  std::vector<uint8_t> beside;
  RunningStacks::Taken taken = running_->take(thread, [&] { beside = beside_stack(thread.tid); });
  if (taken.snapshot && taken.snapshot->attached.empty()) taken.snapshot->attached = beside;
  Reading reading{.stopped = taken.stopped, .late = taken.late, .times = taken.times};
  if (!taken.denied.empty()) reading.stack = marker(taken.denied);
  if (taken.is_taken) reading.stack = unwind(taken.snapshot, thread.tid, false);
  return reading;
}

std::optional<PullTarget::Sleeper> NativePullTarget::read_asleep(PulledThread& thread, uint64_t slices) {
  auto place = place_asleep(thread);
  std::optional<StackSnapshot> snapshot;
  std::vector<uint8_t> beside = place ? beside_stack(thread.tid) : std::vector<uint8_t>();
  if (place) snapshot = reader_.read(*place);
  if (snapshot) snapshot->attached = beside;
  // What is unwound may be read from its memory, too.
  RawStack stack = unwind(snapshot, thread.tid, true);
  auto times = thread.probe.times();
  if (!times || times->slices != slices) return std::nullopt;
  return Sleeper{stack, place.has_value()};
}

}  // namespace

std::unique_ptr<Source> open_native_pull(const Process& process, const SamplingPlan& plan, Recorder& recorder,
                                         Workshop& workshop, const CodeKind& kind,
                                         std::unique_ptr<RunningStacks> running, Mechanism mechanism,
                                         std::string reason) {
  auto target =
      std::make_unique<NativePullTarget>(process, plan, recorder, workshop, kind, std::move(running));
  // There is no lock of a runtime to hold.
  SamplingPlan without_lock = plan;
  without_lock.gil_only = false;
  return open_pull(process, without_lock, recorder, std::move(target), mechanism, std::move(reason));
}

}  // namespace rtprof::native
