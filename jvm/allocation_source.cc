#include "jvm/allocation_source.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "common/base/file.h"
#include "common/sampler/type_namer.h"
#include "jvm/agent.h"
#include "jvm/allocation.h"
#include "jvm/inner_tids.h"
#include "native/process_code.h"

namespace rtprof::jvm {
namespace {

constexpr Nanoseconds kBetweenLooksAtTids = kSecond;
constexpr size_t kMostThreads = 1 << 17;

// Whose frames in the heap the agent copies by a system call that the program itself does not make: a filter
// may end the process for it.
constexpr const char* kFiltered =
    "its system calls are filtered (seccomp): of virtual threads, callers that are in the heap are unknown";

bool is_filtered(const Process& process) {
  auto status = read_file(process.directory() + "/status");
  return status && status->find("Seccomp:\t2") != std::string::npos;
}

class AllocationSource final : public Source {
 public:
  AllocationSource(const Process& process, const SamplingPlan& plan, RunServices& services,
                   const Layout& layout, const native::CodeKind& kind,
                   std::shared_ptr<Continuations> continuations)
      : process_(process),
        plan_(plan),
        recorder_(services.recorder()),
        code_(process, plan, recorder_, services.workshop(), kind.code),
        types_(std::make_shared<TypeNamer>(type_name)),
        type_namer_(recorder_.add_namer(types_)),
        names_(process.pid(), recorder_, kind.thread_names),
        tids_(process),
        weigher_(plan.allocation_interval, layout.version.feature < kFirstWithEvenSamples),
        continuations_(std::move(continuations)),
        agent_(Agent::sample_allocations(process, layout, plan.allocation_interval,
                                         [&] { services.announce_agent(process.pid()); })),
        since_(monotonic_now()) {
    quality_.pid = process.pid();
    quality_.runtime = kind.runtime;
    quality_.runtime_version = kind.version;
    quality_.event = Event::kAlloc;
    quality_.mechanism = Mechanism::kAgent;
    cpu_at_start_ = process.cpu_time();
    if (continuations_ != nullptr && is_filtered(process)) {
      quality_.reason = kFiltered;
      continuations_.reset();
    }
    tell_of_chunks();
  }

  Schedule schedule() const override { return {0, agent_.ring().event()}; }
  TimePoint since() const override { return since_; }
  void tick(TimePoint, Recorder&) override {}
  void missed_ticks(uint64_t) override {}
  bool ended() const override { return !process_.alive(); }

  void drain(Recorder&) override {
    code_.begin_batch();
    tell_of_chunks();
    bool makes_sense = agent_.ring().drain([this](agents::RecordType type, std::span<const uint8_t> record) {
      auto allocation = type == agents::RecordType::kAllocation ? parse_allocation(record) : std::nullopt;
      if (allocation) {
        take(*allocation);
      } else {
        ++quality_.errors;
      }
    });
    if (!makes_sense) quality_.reason = "the ring that the target writes makes no sense";
    names_.update(monotonic_now());
    ++quality_.ticks;
  }

  void flush(Recorder& recorder) override {
    drain(recorder);
    names_.update_all(std::vector<pid_t>(threads_.begin(), threads_.end()));
  }

  std::vector<RunQuality> quality() const override {
    RunQuality quality = quality_;
    quality.lost = agent_.ring().lost();
    quality.asked = quality.samples + quality.lost + quality.errors;
    quality.threads = threads_.size();
    quality.target_cpu = process_.cpu_time() - cpu_at_start_;
    return {quality};
  }

 private:
  void tell_of_chunks() {
    if (continuations_ == nullptr || continuations_->settings() == nullptr) return;
    agent_.tell(*continuations_->settings());
    continuations_.reset();
  }

  pid_t tid_of(const Allocation& allocation) {
    if (pid_t tid = tids_.outer(allocation.inner_tid); tid != 0) return tid;
    if (monotonic_now() - looked_at_tids_ > kBetweenLooksAtTids) {
      looked_at_tids_ = monotonic_now();
      tids_ = InnerTids(process_);
    }
    return tids_.outer(allocation.inner_tid);
  }

  RawStack stack_of(pid_t tid, Allocation& allocation) {
    if (allocation.stack.stack.empty()) return code_.marker("[native]");
    allocation.stack.thread = tid;
    return code_.stack(tid, {}, allocation.stack);
  }

  void take(Allocation& allocation) {
    pid_t tid = tid_of(allocation);
    // The target may name any thread.
    if (threads_.size() >= kMostThreads && !threads_.contains(tid)) tid = process_.pid();
    if (threads_.insert(tid).second) names_.add(tid);
    SampledWeight weight = weigher_.weigh(allocation.bytes);
    RawSample sample;
    sample.event = Event::kAlloc;
    sample.stack = stack_of(tid, allocation);
    sample.thread = {process_.pid(), code_.owner(tid, sample.stack)};
    if (plan_.allocation_types) sample.callees = RawStack{type_namer_, types_->id(allocation.type)};
    sample.start = std::clamp(allocation.time, since_, std::max(since_, monotonic_now()));
    sample.weight = std::llround(weight.bytes);
    // The part of an object that is left over is told with the next one.
    objects_left_ += weight.objects;
    sample.count = static_cast<uint64_t>(objects_left_);
    objects_left_ -= static_cast<double>(sample.count);
    recorder_.sample(sample);
    ++quality_.samples;
    quality_.total_weight += sample.weight;
    if (code_.unknown(sample.stack)) ++quality_.unknown_frames;
  }

  const Process& process_;
  const SamplingPlan plan_;
  Recorder& recorder_;
  native::ProcessCode code_;
  std::shared_ptr<TypeNamer> types_;
  const uint32_t type_namer_;
  ThreadNamer names_;
  InnerTids tids_;
  SampleWeigher weigher_;
  TimePoint looked_at_tids_ = 0;
  std::shared_ptr<Continuations> continuations_;  // null once the agent knows of them
  mutable Agent agent_;
  const TimePoint since_;
  Nanoseconds cpu_at_start_ = 0;
  double objects_left_ = 0;
  std::unordered_set<pid_t> threads_;
  RunQuality quality_;
};

}  // namespace

std::unique_ptr<Source> open_allocation_source(const Process& process, const SamplingPlan& plan,
                                               RunServices& services, const Layout& layout,
                                               const native::CodeKind& kind,
                                               std::shared_ptr<Continuations> continuations) {
  return std::make_unique<AllocationSource>(process, plan, services, layout, kind, std::move(continuations));
}

}  // namespace rtprof::jvm
