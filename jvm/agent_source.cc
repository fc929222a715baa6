#include "jvm/agent_source.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <unordered_set>
#include <utility>

#include "common/sampler/type_namer.h"
#include "jvm/agent_records.h"
#include "jvm/allocation.h"
#include "jvm/collections.h"
#include "jvm/inner_tids.h"
#include "jvm/live_objects.h"
#include "native/process_code.h"

namespace rtprof::jvm {
namespace {

constexpr Nanoseconds kBetweenLooksAtTids = kSecond;
constexpr size_t kMostThreads = 1 << 17;

// In powers of two, as they matter.
std::string age_text(uint64_t collections) {
  if (collections == 0) return "[not looked at by a collection]";
  if (collections == 1) return "[survived 1 collection]";
  uint64_t from = std::bit_floor(collections);
  return from < 4 ? fmt::format("[survived {} collections]", collections)
                  : fmt::format("[survived {}-{} collections]", from, 2 * from - 1);
}

class AgentSource final : public Source {
 public:
  AgentSource(const Process& process, const SamplingPlan& plan, RunServices& services, const Layout& layout,
              const native::CodeKind& kind, std::shared_ptr<Agent> agent, std::string shortcoming)
      : process_(process),
        plan_(plan),
        recorder_(services.recorder()),
        code_(process, plan, recorder_, services.workshop(), kind.code),
        types_(std::make_shared<TypeNamer>(type_name)),
        type_namer_(recorder_.add_namer(types_)),
        names_(process.pid(), recorder_, kind.thread_names),
        tids_(process),
        weigher_(plan.allocation_interval, samples_early(layout.version.feature)),
        agent_(std::move(agent)),
        since_(monotonic_now()),
        cpu_at_start_(process.cpu_time()),
        counts_collections_(collections_of(process, layout) != 0),
        live_(counts_collections_) {
    for (RunQuality* quality : {&allocations_, &locks_}) {
      quality->pid = process.pid();
      quality->runtime = kind.runtime;
      quality->runtime_version = kind.version;
      quality->mechanism = Mechanism::kAgent;
    }
    allocations_.event = Event::kAlloc;
    locks_.event = Event::kLock;
    allocations_.reason = locks_.reason = std::move(shortcoming);
    for (agents::RecordType type : kRecords)
      agent_->on(type, [this, type](std::span<const uint8_t> record) { take(type, record); });
  }

  ~AgentSource() override {
    for (agents::RecordType type : kRecords) agent_->on(type, nullptr);
  }

  Schedule schedule() const override { return {0, agent_->event()}; }
  TimePoint since() const override { return since_; }
  void tick(TimePoint, Recorder&) override {}
  void missed_ticks(uint64_t) override {}
  bool ended() const override { return !process_.alive(); }

  void drain(Recorder&) override {
    code_.begin_batch();
    if (!agent_->drain())
      allocations_.reason = locks_.reason = "the ring that the target writes makes no sense";
    names_.update(monotonic_now());
    ++ticks_;
  }

  void flush(Recorder& recorder) override {
    if (plan_.live || plan_.has(Event::kLock)) agent_->flush();
    drain(recorder);
    names_.update_all(std::vector<pid_t>(threads_.begin(), threads_.end()));
    if (plan_.live) record_live();
  }

  std::vector<RunQuality> quality() const override {
    std::vector<RunQuality> qualities;
    if (plan_.has(Event::kAlloc)) qualities.push_back(allocations_);
    if (plan_.has(Event::kLock)) qualities.push_back(locks_);
    for (RunQuality& each : qualities) {
      // Which of the events they were of is not known.
      each.lost += agent_->lost();
      each.asked = each.samples + each.lost + each.errors;
      each.ticks = ticks_;
      each.threads = threads_.size();
      each.target_cpu = process_.cpu_time() - cpu_at_start_;
    }
    return qualities;
  }

 private:
  static constexpr agents::RecordType kRecords[] = {
      agents::RecordType::kAllocation, agents::RecordType::kContention, agents::RecordType::kCollected,
      agents::RecordType::kSurveyed,   agents::RecordType::kThinned,    agents::RecordType::kUntold};

  pid_t tid_of(pid_t inner) {
    if (pid_t tid = tids_.outer(inner); tid != 0) return tid;
    if (monotonic_now() - looked_at_tids_ > kBetweenLooksAtTids) {
      looked_at_tids_ = monotonic_now();
      tids_ = InnerTids(process_);
    }
    return tids_.outer(inner);
  }

  RawStack stack_of(pid_t tid, AgentSample& found) {
    if (found.stack.stack.empty()) return code_.marker("[native]");
    found.stack.thread = tid;
    return code_.stack(tid, {}, found.stack);
  }

  void take(agents::RecordType type, std::span<const uint8_t> record) {
    switch (type) {
      case agents::RecordType::kAllocation:
        if (auto found = parse_agent_sample(record); found && plan_.has(Event::kAlloc))
          return allocation(*found);
        break;
      case agents::RecordType::kContention:
        if (auto found = parse_agent_sample(record); found && plan_.has(Event::kLock))
          return contention(*found);
        break;
      case agents::RecordType::kCollected:
        if (auto number = parse_agent_note(record)) return live_.collected(*number);
        break;
      case agents::RecordType::kSurveyed:
        if (auto number = parse_agent_note(record)) return live_.surveyed(*number);
        break;
      case agents::RecordType::kThinned:
        if (auto number = parse_agent_note(record)) return live_.thinned(*number);
        break;
      case agents::RecordType::kUntold:
        if (auto samples = parse_agent_note(record)) return untold(*samples);
        break;
      case agents::RecordType::kSnapshot:
        break;
    }
    ++allocations_.errors;
    ++locks_.errors;
  }

  // What samples of all events have.
  RawSample sample_of(AgentSample& found, Event event) {
    pid_t tid = tid_of(found.inner_tid);
    // The target may name any thread.
    if (threads_.size() >= kMostThreads && !threads_.contains(tid)) tid = process_.pid();
    if (threads_.insert(tid).second) names_.add(tid);
    RawSample sample;
    sample.event = event;
    sample.stack = stack_of(tid, found);
    sample.thread = {process_.pid(), code_.owner(tid, sample.stack)};
    sample.start = std::clamp(found.time, since_, std::max(since_, monotonic_now()));
    return sample;
  }

  void record(const RawSample& sample, RunQuality& quality) {
    recorder_.sample(sample);
    ++quality.samples;
    quality.total_weight += sample.weight;
    if (code_.unknown(sample.stack)) ++quality.unknown_frames;
  }

  void allocation(AgentSample& found) {
    RawSample sample = sample_of(found, Event::kAlloc);
    SampledWeight weight =
        weigher_.weigh({found.value, found.is_due, found.stands_for, found.inner_tid, found.allocated});
    sample.weight = std::llround(weight.bytes);
    uint32_t type = types_->id(found.type);
    if (plan_.allocation_types) sample.callees = RawStack{type_namer_, type};
    if (plan_.live) {
      LiveObjects::Object object{sample, weight.objects, found.collections, types_->type(type)};
      if (!live_.add(found.detail, object)) ++allocations_.lost;
      return;
    }
    sample.count = whole_objects(weight.objects);
    record(sample, allocations_);
  }

  // Of the process: which thread it was matters little where nothing else is known.
  void untold(uint64_t samples) {
    RawSample sample;
    sample.event = Event::kAlloc;
    sample.stack = code_.marker("[unknown: allocated where HotSpot does not trace it]");
    sample.thread = {process_.pid(), code_.owner(process_.pid(), sample.stack)};
    sample.start = monotonic_now();
    sample.weight = std::llround(weigher_.bytes_of(samples));
    record(sample, allocations_);
  }

  // The part of an object that is left over is told with the next one.
  uint64_t whole_objects(double objects) {
    objects_left_ += objects;
    auto count = static_cast<uint64_t>(objects_left_);
    objects_left_ -= static_cast<double>(count);
    return count;
  }

  void record_live() {
    for (const auto& [number, object] : live_.all()) {
      uint64_t age = live_.age(object);
      if (age == 0 && !plan_.live_as_of_now) continue;
      RawSample sample = object.sample;
      sample.weight = std::llround(static_cast<double>(sample.weight) * live_.scale());
      sample.count = whole_objects(object.objects * live_.scale());
      if (plan_.ages) {
        std::string_view type = plan_.allocation_types ? object.type : std::string_view();
        sample.callees = RawStack{type_namer_, types_->id(type, age_text(age))};
      }
      record(sample, allocations_);
    }
    live_ = LiveObjects(counts_collections_);
  }

  void contention(AgentSample& found) {
    RawSample sample = sample_of(found, Event::kLock);
    sample.duration = static_cast<Nanoseconds>(found.value);
    sample.start = std::max(sample.start - sample.duration, since_);
    sample.weight = static_cast<int64_t>(found.detail);
    contentions_left_ += static_cast<double>(found.detail) / static_cast<double>(found.value);
    sample.count = static_cast<uint64_t>(contentions_left_);
    contentions_left_ -= static_cast<double>(sample.count);
    sample.callees = RawStack{type_namer_, types_->id(found.type)};
    record(sample, locks_);
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
  std::shared_ptr<Agent> agent_;
  const TimePoint since_;
  const Nanoseconds cpu_at_start_;
  double objects_left_ = 0;
  double contentions_left_ = 0;
  const bool counts_collections_;
  LiveObjects live_;
  std::unordered_set<pid_t> threads_;
  uint64_t ticks_ = 0;
  RunQuality allocations_, locks_;
};

}  // namespace

AgentRequest agent_request(const SamplingPlan& plan) {
  AgentRequest request;
  if (plan.has(Event::kAlloc)) request.events |= agents::jvm::kAllocations;
  if (plan.has(Event::kLock)) request.events |= agents::jvm::kLocks;
  request.allocation_interval = plan.allocation_interval;
  request.follows_objects = plan.live;
  request.lock_threshold = plan.lock_threshold;
  return request;
}

std::unique_ptr<Source> open_agent_source(const Process& process, const SamplingPlan& plan,
                                          RunServices& services, const Layout& layout,
                                          const native::CodeKind& kind, std::shared_ptr<Agent> agent,
                                          std::string shortcoming) {
  return std::make_unique<AgentSource>(process, plan, services, layout, kind, std::move(agent),
                                       std::move(shortcoming));
}

}  // namespace rtprof::jvm
