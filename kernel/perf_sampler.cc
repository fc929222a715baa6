#include "kernel/perf_sampler.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <chrono>
#include <set>
#include <thread>
#include <type_traits>

#include "common/process/process.h"
#include "kernel/perf_event.h"

namespace rtprof::kernel {
namespace {

// A ring holds what comes in this time, and then some. Making one takes the kernel a millisecond for some 4
// MiB, in which nothing is sampled yet: one that is larger than this holds half of it.
constexpr Nanoseconds kRingTime = 500 * kMillisecond;
constexpr size_t kLargeRing = 16 << 20;
// A sample without its stack copy: numbers, registers, and as long a callchain as is usual.
constexpr size_t kSampleBytes = 1024;
// Context switches come in bursts: 20,000 in kRingTime. Those with stacks wake the reader before.
constexpr size_t kSwitchBytes = 1 << 20;
constexpr size_t kSwitchStacks = 1024;
constexpr size_t kLeastRing = 64 << 10;
// All rings together, on machines with many CPUs.
constexpr size_t kMostMemory = 256 << 20;
// Of the targets, for events of each: they take a while to open, and an event that ticks a few times in a
// recording says little of how long its thread ran before the first.
constexpr size_t kManyThreads = 128;
// A thread that has ended after this, when another has come, is taken for one of many that live as shortly.
constexpr auto kGlance = std::chrono::milliseconds(2);

size_t bytes_in(Nanoseconds time, const PerfConfig& config) {
  // A CPU has one thread at a time, so this does not depend on how many there are.
  auto samples = static_cast<size_t>(time / std::max<Nanoseconds>(config.period, 1) + 1);
  size_t bytes = samples * (kSampleBytes + config.stack_bytes) + (config.context_switches ? kSwitchBytes : 0);
  return config.switch_stacks ? bytes + kSwitchStacks * (kSampleBytes + config.stack_bytes) : bytes;
}

size_t ring_bytes(const PerfConfig& config, size_t cpus) {
  size_t wanted = bytes_in(kRingTime, config);
  if (wanted > kLargeRing) wanted = std::max(kLargeRing, bytes_in(kRingTime / 2, config));
  size_t most = std::bit_floor(kMostMemory / std::max<size_t>(cpus, 1));
  return std::max(kLeastRing, std::min(std::bit_ceil(wanted), most));
}

// Room for two samples of the largest size, so that one can be read while the next is written.
size_t least_ring_bytes(const PerfConfig& config) {
  return std::max<size_t>(kLeastRing / 2, std::bit_ceil(2 * (size_t{config.stack_bytes} + 2 * kSampleBytes)));
}

std::set<pid_t> threads_of(const std::vector<pid_t>& pids) {
  std::set<pid_t> all;
  for (pid_t pid : pids) {
    auto process = Process::try_open(pid);
    if (!process) continue;
    for (pid_t tid : process->threads()) all.insert(tid);
  }
  return all;
}

// Whether threads have ended and others have come.
bool have_changed(const std::set<pid_t>& before, const std::set<pid_t>& now) {
  return !std::ranges::includes(now, before) && !std::ranges::includes(before, now);
}

bool no_such_counter(int error) {
  return error == ENOENT || error == ENODEV || error == EOPNOTSUPP;
}
bool refused(int error) {
  return error == EACCES || error == EPERM;
}

Failure to_failure(const Denial& denial, int error) {
  return {denial.reason + "; " + denial.fix, error};
}

}  // namespace

Result<std::unique_ptr<PerfSampler>> PerfSampler::open(const PerfConfig& config) {
  std::vector<int> cpus = online_cpus();
  PerfConfig fitted = config;
  fitted.stack_bytes = std::min(config.stack_bytes, kMaxStackBytes);
  size_t wanted = ring_bytes(fitted, cpus.size());
  auto rings = PerfRings::open(cpus, wanted, std::min(wanted, least_ring_bytes(fitted)));
  PerfFacts facts = gather_perf_facts();
  if (!rings) {
    PerfWish wish = rings.failure().error == ENOMEM ? PerfWish::kRings : PerfWish::kUserMode;
    return to_failure(explain_perf_denial(facts, wish, rings.failure().error), rings.failure().error);
  }
  std::unique_ptr<PerfSampler> sampler(new PerfSampler(fitted, std::move(*rings)));
  sampler->facts_ = facts;
  if (sampler->setup_.ring_bytes < wanted) sampler->limit(PerfWish::kRings, EPERM);
  if (auto failure = sampler->begin()) return *failure;
  return sampler;
}

PerfSampler::PerfSampler(const PerfConfig& config, PerfRings rings)
    : config_(config), rings_(std::move(rings)), targets_(config.pids.begin(), config.pids.end()) {
  setup_.ring_bytes = rings_.ring_bytes();
  setup_.max_callchain = max_callchain();
  format_.callchain = config.kernel_callchain || config.user_callchain;
  format_.user_stack = config.stack_bytes != 0;
  event_.period = static_cast<uint64_t>(config.period);
  event_.inherit = config.follow_children ? PerfInherit::kThreadsAndProcesses : PerfInherit::kThreads;
  event_.kernel_mode = config.kernel;
  event_.kernel_callchain = config.kernel_callchain;
  event_.user_callchain = config.user_callchain;
  event_.stack_bytes = config.stack_bytes;
  event_.context_switches = config.context_switches;
  auto rate = rings_.reference_cycles_per_nanosecond();
  if (config.hardware_clock && rate) {
    event_.clock = PerfClock::kReferenceCycles;
    event_.period = static_cast<uint64_t>(static_cast<double>(config.period) * *rate);
  }
}

void PerfSampler::limit(PerfWish wish, int error) {
  setup_.limits.push_back(explain_perf_denial(facts_, wish, error));
}

std::vector<PerfEventConfig> PerfSampler::kinds() const {
  std::vector<PerfEventConfig> kinds;
  if (config_.clock) kinds.push_back(event_);
  if (!config_.switch_stacks) return kinds;
  if (config_.clock) {
    kinds.back().context_switches = false;
    kinds.back().announcements = false;
  }
  PerfEventConfig leaving = event_;
  leaving.clock = PerfClock::kContextSwitches;
  leaving.context_switches = true;
  kinds.push_back(leaving);
  return kinds;
}

std::vector<perf_event_attr> PerfSampler::attributes() const {
  std::vector<perf_event_attr> attributes;
  for (const PerfEventConfig& kind : kinds()) attributes.push_back(sampling_attributes(kind));
  return attributes;
}

bool PerfSampler::give_up_cycles() {
  if (event_.clock != PerfClock::kReferenceCycles) return false;
  event_.clock = PerfClock::kCpuClock;
  event_.period = static_cast<uint64_t>(config_.period);
  return true;
}

// Finds what the kernel takes, with events of this thread, which need no permission for a target.
std::optional<Failure> PerfSampler::negotiate() {
  int cpu = rings_.cpus().front();
  for (;;) {
    int error = 0;
    for (const perf_event_attr& kind : attributes()) {
      auto event = open_perf_event(kind, 0, cpu);
      if (!event) error = event.failure().error;
    }
    if (error == 0) return std::nullopt;
    if (refused(error) && config_.switch_stacks) {
      return to_failure(explain_perf_denial(facts_, PerfWish::kKernel, error), error);
    } else if (refused(error) && event_.kernel_mode) {
      event_.kernel_mode = false;
      limit(PerfWish::kKernel, error);
    } else if (give_up_cycles()) {
      continue;
    } else if (error == EINVAL && event_.inherit == PerfInherit::kThreads) {
      // Before Linux 5.13; what children do is left out when it is read.
      event_.inherit = PerfInherit::kThreadsAndProcesses;
    } else {
      return to_failure(explain_perf_denial(facts_, PerfWish::kUserMode, error), error);
    }
  }
}

// Samples without what the program would have added are better than none.
void PerfSampler::prepare_program() {
  if (config_.program < 0 || attributes().empty()) return;
  auto event = open_perf_event(attributes().front(), 0, rings_.cpus().front());
  Result<bool> attached = event ? attach_perf_program(event->get(), config_.program) : event.failure();
  if (attached && config_.program_output >= 0) {
    auto output = PerfProgramOutput::open(config_.program_output, rings_);
    if (output) program_output_ = std::move(*output);
    if (!output) attached = output.failure();
  }
  if (attached) return;
  config_.program = -1;
  setup_.limits.push_back(
      {"what the runtime's program adds to samples is missing: " + attached.failure().message, ""});
}

bool PerfSampler::cpus_permitted() const {
  PerfEventConfig event = event_;
  event.inherit = PerfInherit::kNothing;
  return open_perf_event(sampling_attributes(event), -1, rings_.cpus().front()).ok();
}

bool PerfSampler::are_many_or_brief() const {
  std::set<pid_t> threads = threads_of(config_.pids);
  if (threads.size() > kManyThreads) return true;
  std::this_thread::sleep_for(kGlance);
  return have_changed(threads, threads_of(config_.pids));
}

std::optional<Failure> PerfSampler::begin() {
  if (auto failure = negotiate()) return failure;
  prepare_program();
  bool choose = config_.scope == PerfScope::kAuto;
  // The switches of all processes are many more than those of the targets.
  bool may_be_many = choose && !config_.switch_stacks;
  bool by_cpus = targets_.empty() || config_.scope == PerfScope::kCpus ||
                 (may_be_many && are_many_or_brief() && cpus_permitted());
  if (!by_cpus) {
    setup_.scope = PerfScope::kThreads;
    auto failure = begin_threads();
    by_cpus = failure && failure->error == EMFILE && choose && cpus_permitted();
    if (failure && !by_cpus) return failure;
    may_change_ = choose && !by_cpus && !config_.context_switches && !config_.switch_stacks;
  }
  if (by_cpus) {
    setup_.scope = PerfScope::kCpus;
    if (auto failure = begin_cpus()) return failure;
  }
  setup_.clock = event_.clock;
  setup_.kernel = event_.kernel_mode;
  for (pid_t pid : targets_) {
    auto process = Process::try_open(pid);
    if (!process) continue;
    for (pid_t tid : process->threads()) untold_threads_.emplace_back(pid, tid);
  }
  return std::nullopt;
}

PerfThreadEvents::Plan PerfSampler::thread_plan() const {
  return {attributes(), config_.program};
}

int PerfSampler::cpu_program() {
  // A child would be refused until its creation is read.
  if (config_.pids.empty() || config_.follow_children) return config_.program;
  auto filter = PerfFilter::load(config_.pids, config_.program);
  if (!filter) return config_.program;
  filter_ = std::move(*filter);
  return filter_->program();
}

std::optional<Failure> PerfSampler::begin_threads() {
  for (pid_t pid : config_.pids) {
    auto failure = threads_.add(pid, thread_plan(), rings_);
    if (!failure) continue;
    threads_.clear();
    // Processors of two kinds, one without the counter.
    if (no_such_counter(failure->error) && give_up_cycles()) return begin_threads();
    if (auto denial = memory_denial(pid); denial && refused(failure->error)) {
      return to_failure(*denial, failure->error);
    }
    return to_failure(explain_perf_denial(facts_, PerfWish::kUserMode, failure->error), failure->error);
  }
  return std::nullopt;
}

std::optional<Failure> PerfSampler::begin_cpus() {
  cpu_events_.clear();
  event_.inherit = PerfInherit::kNothing;
  int program = cpu_program();
  for (int cpu : rings_.cpus()) {
    for (const perf_event_attr& kind : attributes()) {
      auto failure = open_on_cpu(kind, cpu, program);
      if (failure && no_such_counter(failure->error) && give_up_cycles()) return begin_cpus();
      if (failure) return failure;
    }
  }
  return std::nullopt;
}

void PerfSampler::start() {
  since_ = monotonic_now();
  threads_.start();
  for (const UniqueFd& event : cpu_events_) enable_perf_event(event.get());
}

void PerfSampler::change_to_cpus() {
  may_change_ = short_lived_ = false;
  PerfEventConfig of_threads = event_;
  if (auto failure = begin_cpus()) {
    cpu_events_.clear();
    event_ = of_threads;
    setup_.limits.push_back(
        {"threads that live for milliseconds are hardly sampled: " + failure->message, ""});
    return;
  }
  setup_.scope = PerfScope::kCpus;
  threads_.clear();
  streams_.clear();
  for (const UniqueFd& event : cpu_events_) enable_perf_event(event.get());
}

std::optional<Failure> PerfSampler::open_on_cpu(const perf_event_attr& kind, int cpu, int program) {
  auto event = open_perf_event(kind, -1, cpu);
  int error = event ? 0 : event.failure().error;
  if (!event) return to_failure(explain_perf_denial(facts_, PerfWish::kCpus, error), error);
  if (auto redirected = redirect_perf_event(event->get(), rings_.ring_fd(cpu)); !redirected)
    return redirected.failure();
  if (program >= 0) {
    if (auto attached = attach_perf_program(event->get(), program); !attached) return attached.failure();
  }
  cpu_events_.push_back(std::move(*event));
  return std::nullopt;
}

bool PerfSampler::is_target(pid_t pid) const {
  return config_.pids.empty() ? pid > 0 : targets_.contains(pid);
}

void PerfSampler::drain(PerfSink& sink) {
  for (auto [pid, tid] : std::exchange(untold_threads_, {})) sink.on_thread_start(pid, tid, since_);
  auto on_record = [&](std::span<const uint64_t> words) {
    if (program_output_ && program_output_->keep(words)) return;
    auto record = parse_perf_record(words, format_);
    if (record) {
      auto* sample = program_output_ ? std::get_if<SampleRecord>(&*record) : nullptr;
      if (sample != nullptr && sample->user) sample->user->attached = program_output_->take(sample->id);
      deliver(*record, sink);
    } else {
      ++counts_.unreadable;
    }
  };
  rings_.drain(on_record, [&](int cpu, bool begins) { sink.on_gap(static_cast<uint32_t>(cpu), begins); });
  if (short_lived_) change_to_cpus();
  if (setup_.scope != PerfScope::kThreads || !threads_.should_look_again(monotonic_now())) return;
  for (pid_t pid : targets_) {
    threads_.look_again(pid, thread_plan(), rings_);
  }
  threads_.end_looking();
}

void PerfSampler::deliver(const PerfRecord& record, PerfSink& sink) {
  std::visit(
      [&](const auto& each) {
        using Record = std::decay_t<decltype(each)>;
        if constexpr (std::is_same_v<Record, LostRecord>) {
          counts_.lost += each.count;
          // Ends of threads may be among them.
          streams_.clear();
          switch_streams_.clear();
          sink.on_lost(each);
        } else if constexpr (std::is_same_v<Record, ThrottleRecord>) {
          if (each.stopped) ++counts_.throttled;
        } else if constexpr (std::is_same_v<Record, MappingRecord>) {
          if (is_target(each.id.pid)) sink.on_mapping(each);
        } else if constexpr (std::is_same_v<Record, SwitchRecord>) {
          if (is_target(each.id.pid) && !(config_.switch_stacks && is_duplicate_switch(each.id)))
            sink.on_switch(each);
        } else if constexpr (!std::is_same_v<Record, std::monostate>) {
          deliver(each, sink);
        }
      },
      record);
}

// Of both kinds of samples, those of context switches count one at a time.
bool PerfSampler::is_switch_stack(const SampleRecord& sample) const {
  return config_.switch_stacks && sample.period == 1;
}

bool PerfSampler::is_duplicate_switch(const RecordId& id) {
  return setup_.scope == PerfScope::kThreads && switch_streams_.judge(id) == PerfStreams::Verdict::kDuplicate;
}

void PerfSampler::deliver(const SampleRecord& sample, PerfSink& sink) {
  if (!is_target(sample.id.pid)) {
    ++counts_.of_others;
    return;
  }
  if (is_switch_stack(sample)) {
    if (!is_duplicate_switch(sample.id)) sink.on_switch_stack(sample);
    return;
  }
  Nanoseconds weight = config_.period;
  if (setup_.scope == PerfScope::kThreads) {
    switch (streams_.judge(sample.id)) {
      case PerfStreams::Verdict::kDuplicate:
        return;
      case PerfStreams::Verdict::kFirst:
        // An event begins with a whole period and ends somewhere in one: it ticks half a time less than it
        // should, which is made up for here.
        weight += config_.period / 2;
        break;
      case PerfStreams::Verdict::kNext:
        break;
    }
  }
  ++counts_.samples;
  sink.on_sample(sample, weight);
}

void PerfSampler::deliver(const TaskRecord& task, PerfSink& sink) {
  auto cpus = static_cast<uint32_t>(rings_.cpus().back() + 1);
  streams_.forget(task.tid, cpus);
  switch_streams_.forget(task.tid, cpus);
  if (!task.began) {
    if (!is_target(task.pid)) return;
    if (may_change_ && short_lives_.ended(task.tid, task.id.time)) short_lived_ = true;
    sink.on_thread_end(task.pid, task.tid, task.id.time);
    return;
  }
  if (task.pid != task.parent_pid && is_target(task.parent_pid) && config_.follow_children) {
    targets_.insert(task.pid);
    sink.on_process_start(task.pid, task.parent_pid, task.id.time);
  }
  if (!is_target(task.pid)) return;
  threads_.on_thread_start(task.tid, task.id.time);
  if (may_change_) short_lives_.began(task.tid, task.id.time);
  sink.on_thread_start(task.pid, task.tid, task.id.time);
}

void PerfSampler::deliver(const NameRecord& name, PerfSink& sink) {
  if (!is_target(name.id.pid)) return;
  sink.on_name(name);
  if (!name.exec) return;
  streams_.clear();
  switch_streams_.clear();
  sink.on_exec(name.id.pid, name.id.time);
}

}  // namespace rtprof::kernel
