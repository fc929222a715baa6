#include "jvm/jfr_source.h"

#include <fmt/core.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/file.h"
#include "jvm/attach_denial.h"
#include "jvm/attach_listener.h"
#include "jvm/jfr_accounts.h"
#include "jvm/jfr_recording.h"
#include "jvm/jfr_repository.h"
#include "jvm/jfr_stacks.h"
#include "jvm/jfr_threads.h"
#include "jvm/thread_print.h"

namespace rtprof::jvm {
namespace {

using Activity = JfrAccounts::Activity;
using Missing = JfrAccounts::Missing;

// The JVM makes what it has complete once a second.
constexpr Nanoseconds kLongestFlush = 2500 * kMillisecond;
constexpr Nanoseconds kPrintPatience = 5 * kSecond;
constexpr auto kBetweenLooks = std::chrono::milliseconds(20);

bool wants_waits(const SamplingPlan& plan) {
  return plan.has(Event::kWall) || plan.idle;
}

Nanoseconds period_of(const SamplingPlan& plan) {
  double milliseconds = std::round(1e3 / plan.rate);
  return static_cast<Nanoseconds>(std::clamp(milliseconds, 1.0, 1e4)) * kMillisecond;
}

JfrRecording::Settings settings_of(const SamplingPlan& plan, const JdkVersion& version) {
  JfrRecording::Settings settings;
  settings.period = period_of(plan);
  settings.waits = wants_waits(plan);
  settings.cpu_time = version.feature >= kFirstWithCpuTimeSamples;
  settings.in_native = settings.waits || !settings.cpu_time;
  return settings;
}

// The kernel looks at CPU clocks when its own ticks.
Nanoseconds interval_of(const JfrRecording::Settings& settings) {
  timespec tick{};
  bool is_known = ::clock_getres(CLOCK_MONOTONIC_COARSE, &tick) == 0;
  Nanoseconds shortest = is_known ? tick.tv_sec * kSecond + tick.tv_nsec : 10 * kMillisecond;
  return settings.cpu_time ? std::max(settings.period, shortest) : settings.period;
}

class JfrSource final : public Source {
 public:
  JfrSource(const Process& process, const SamplingPlan& plan, RunServices& services,
            const JdkVersion& version, std::shared_ptr<RuntimeThreadNames> names, std::string reason)
      : process_(process),
        plan_(plan),
        settings_(settings_of(plan, version)),
        reason_(std::move(reason)),
        recorder_(services.recorder()),
        stacks_(std::make_shared<JfrStacks>(FrameDetail{plan.native_lines, plan.jit_marks, plan.signatures})),
        namer_(recorder_.add_namer(stacks_)),
        threads_(process, recorder_, std::move(names)),
        recording_(JfrRecording::start(process, settings_)),
        repository_(repository_of(recording_)),
        since_(monotonic_now()),
        accounts_(interval_of(settings_), !settings_.cpu_time, since_),
        cpu_at_start_(process.cpu_time()) {
    for (Event event : plan.events) {
      RunQuality& quality = qualities_.emplace_back();
      quality.pid = process.pid();
      quality.runtime = "jvm";
      quality.runtime_version = version.text;
      quality.event = event;
      quality.mechanism = Mechanism::kJfr;
      quality.exact = settings_.cpu_time && event == Event::kCpu && !plan.idle;
      quality.requested_rate = plan.rate;
    }
    look(since_);
  }

  Schedule schedule() const override { return {}; }
  TimePoint since() const override { return since_; }
  void tick(TimePoint, Recorder&) override {}
  void missed_ticks(uint64_t) override {}
  bool ended() const override { return !process_.alive(); }

  void drain(Recorder&) override {
    TimePoint now = monotonic_now();
    if (!update()) return;
    look(now);
    accounts_.share_out(emit_);
    threads_.update(now);
  }

  // What happened until now is complete a second later.
  void flush(Recorder&) override {
    TimePoint now = monotonic_now();
    TimePoint now_unix = wall_clock_now();
    look(now);
    until_ = now;
    if (settings_.waits) ask_who_waits();
    while (repository_.complete_until() < now_unix && process_.alive() &&
           monotonic_now() - now < kLongestFlush) {
      if (!update()) std::this_thread::sleep_for(kBetweenLooks);
    }
    update();
    accounts_.settle(emit_);
    until_ = std::numeric_limits<TimePoint>::max();
    waiting_.clear();
  }

  std::vector<RunQuality> quality() const override {
    std::vector<RunQuality> all = qualities_;
    for (RunQuality& quality : all) {
      quality.errors = repository_.errors();
      quality.asked = quality.samples + quality.lost + quality.errors;
      quality.threads = threads_.size();
      quality.target_cpu = process_.cpu_time() - cpu_at_start_;
      quality.reason = reason_text(quality.event);
    }
    return all;
  }

 private:
  // An event of the recording, in our terms.
  struct Seen {
    JfrEvent event;
    int32_t thread = 0;
    uint32_t stack = 0;
    TimePoint start = 0;
    TimePoint end = 0;
  };

  JfrRepository repository_of(JfrRecording& recording) {
    JfrRecording::Repository repository = recording.take_repository();
    return {std::move(repository.directory), std::move(repository.older), process_.effective_uid(),
            [this](const JfrConstants& constants, const JfrTrace* trace) {
              return stacks_->intern(constants, trace);
            }};
  }

  std::string reason_text(Event event) const {
    std::string text = reason_;
    auto add = [&](const std::string& more) { text += (text.empty() ? "" : "; ") + more; };
    if (!settings_.cpu_time)
      add("the JVM's recorder sees threads that run Java, of native code little, of HotSpot's own nothing");
    if (event == Event::kWall) add("waits that had not ended have the stack that the thread had at the end");
    double granted = 1e9 / static_cast<double>(settings_.period);
    if (granted < plan_.rate * 0.9) add(fmt::format("it samples {:.0f} times a second at most", granted));
    if (uint64_t left_out = repository_.left_out(); left_out != 0) {
      add(fmt::format(
          "{} constants of the recording, of which {} MiB are kept of a chunk, were left out: what "
          "refers to them is unknown",
          left_out, JfrConstants::kMostBytes >> 20));
    }
    if (has_truncated_)
      add("stacks are cut to what the JVM was started with (-XX:FlightRecorderOptions=stackdepth=64)");
    return text;
  }

  bool update() {
    for (const Seen& seen : std::exchange(later_, {})) sort_in(seen);
    TimePoint offset = monotonic_now() - wall_clock_now();
    bool has_read = repository_.update(
        [&](const JfrHeader& header, const JfrEvent& event, const JfrThread* thread, uint32_t stack) {
          Seen seen{event, thread == nullptr ? without_name(event.thread) : threads_.id_of(*thread), stack};
          seen.start = header.time_of(event.start) + offset;
          seen.end = seen.start + std::max<Nanoseconds>(header.time_between(event.duration), 0);
          sort_in(seen);
        });
    for (int64_t tid : repository_.take_carriers()) threads_.add_carrier(tid);
    return has_read;
  }

  void sort_in(const Seen& seen) {
    if (seen.end < until_) {
      take(seen);
    } else {
      later_.push_back(seen);
    }
  }

  void take(const Seen& seen) {
    if (seen.end < since_) return;
    if (stacks_->truncated(seen.stack)) has_truncated_ = true;
    switch (seen.event.kind) {
      case JfrEventKind::kRunning:
      case JfrEventKind::kCpuTime:
        return accounts_.running(seen.thread, seen.stack, seen.start);
      case JfrEventKind::kInNative:
        return accounts_.in_native(seen.thread, seen.stack, stacks_->native_reason(seen.stack), seen.start);
      case JfrEventKind::kWait:
        return accounts_.waited(seen.thread, seen.event.reason, seen.stack, seen.start, seen.end, emit_);
      case JfrEventKind::kCpuTimeLost:
        for (RunQuality& quality : qualities_) quality.lost += seen.event.lost;
    }
  }

  // JDK 25's and 26's samples by CPU time name virtual threads by the ids of Java, and do not say more of
  // them.
  int32_t without_name(uint64_t id) {
    if (!settings_.cpu_time || id == 0) return process_.pid();
    return threads_.id_of_virtual(id);
  }

  // The recorder tells of a wait when it ends. Of those that have not, HotSpot prints the stacks.
  void ask_who_waits() {
    auto printed = say_to_attach_listener(process_, {"threaddump"}, kPrintPatience);
    if (!printed) return;
    for (const PrintedThread& thread : parse_thread_print(printed->text)) {
      uint32_t stack = stacks_->intern(thread);
      if (thread.leaf_first.empty())
        stack = stacks_->marks("[native]", threads_[threads_.outer(thread.tid)].kind);
      Reason reason = thread.reason == Reason::kNone ? stacks_->native_reason(stack) : thread.reason;
      waiting_[threads_.outer(thread.tid)] = {reason, stack};
    }
  }

  // At what the kernel has counted of each thread.
  void look(TimePoint now) {
    for (pid_t tid : process_.threads()) {
      std::string path = fmt::format("{}/task/{}/schedstat", process_.directory(), tid);
      auto text = read_file(path);
      auto times = text ? parse_schedstat(*text) : std::nullopt;
      if (!times) continue;
      accounts_.look(tid, *times, now, threads_[tid].is_carrier);
    }
    for (RunQuality& quality : qualities_) ++quality.ticks;
  }

  uint32_t stack_of(JfrAccounts::Part& part) {
    if (part.missing == Missing::kNone) return part.stack;
    auto waiting = waiting_.find(part.thread);
    if (part.missing == Missing::kNotRecorded && waiting != waiting_.end()) {
      part.reason = waiting->second.first;
      return waiting->second.second;
    }
    const JfrThreads::Known& thread = threads_[part.thread];
    if (!thread.kind.empty()) return stacks_->marks("[native]", thread.kind);
    // The launcher's thread, which waits for that of main().
    if (part.thread == process_.pid() && !thread.is_java) return stacks_->marks("[native]");
    return stacks_->marks(part.missing == Missing::kNotSampled
                              ? "[unknown: not sampled by the JVM's recorder]"
                              : "[unknown: wait that the JVM's recorder does not tell]");
  }

  void record(JfrAccounts::Part part) {
    RawSample sample;
    sample.thread = {process_.pid(), part.thread};
    sample.stack = {namer_, stack_of(part)};
    sample.start = std::clamp(part.start, since_, std::max(since_, monotonic_now()));
    sample.duration = part.time;
    sample.weight = part.time;
    for (RunQuality& quality : qualities_) {
      sample.event = quality.event;
      bool is_elapsed = quality.event == Event::kWall;
      if (!is_elapsed && !plan_.idle && part.activity != Activity::kRunning) continue;
      sample.reason = is_elapsed ? reason_of(part) : Reason::kNone;
      recorder_.sample(sample);
      ++quality.samples;
      quality.total_weight += sample.weight;
      if (stacks_->unknown(sample.stack.id)) ++quality.unknown_frames;
    }
  }

  static Reason reason_of(const JfrAccounts::Part& part) {
    if (part.activity == Activity::kRunning) return Reason::kRunning;
    return part.activity == Activity::kRunnable ? Reason::kRunnable : part.reason;
  }

  const Process& process_;
  const SamplingPlan plan_;
  const JfrRecording::Settings settings_;
  const std::string reason_;
  Recorder& recorder_;
  std::shared_ptr<JfrStacks> stacks_;
  const uint32_t namer_;
  JfrThreads threads_;
  JfrRecording recording_;
  JfrRepository repository_;
  const TimePoint since_;
  JfrAccounts accounts_;
  const Nanoseconds cpu_at_start_;
  const JfrAccounts::Emit emit_ = [this](const JfrAccounts::Part& part) { record(part); };
  TimePoint until_ = std::numeric_limits<TimePoint>::max();
  std::unordered_map<int32_t, std::pair<Reason, uint32_t>> waiting_;  // at until_, with their stacks
  std::vector<Seen> later_;                                           // of what happened from until_ on
  bool has_truncated_ = false;
  std::vector<RunQuality> qualities_;
};

void check_plan(const SamplingPlan& plan) {
  if (!plan.agents) {
    throw Error(ExitCode::kUsage, "the JVM's own recorder is a change in the JVM, which --no-agent forbids",
                "leave one of them out");
  }
  if (plan.nonblocking) {
    throw Error(ExitCode::kUsage, "the JVM's own recorder pauses threads, which --nonblocking forbids",
                "leave one of them out");
  }
  if (plan.native) {
    throw Error(ExitCode::kUsage, "the JVM's own recorder has no native frames", "leave --native out");
  }
}

}  // namespace

std::unique_ptr<Source> open_jfr_source(const Process& process, const SamplingPlan& plan,
                                        RunServices& services, const Layout* layout,
                                        std::shared_ptr<RuntimeThreadNames> names, std::string reason) {
  check_plan(plan);
  if (auto denial = listener_denial(process, layout)) {
    throw Error(
        ExitCode::kNotPermitted,
        fmt::format("cannot record process {} by its JVM's own recorder: {}", process.pid(), denial->reason),
        denial->fix);
  }
  JdkVersion version = layout != nullptr ? layout->version : ask_version(process);
  if (version.feature < kFirstWithJfr) {
    throw Error(ExitCode::kFailed,
                fmt::format("cannot record process {} by its JVM's own recorder: JDK {} is older than {}",
                            process.pid(), version.text, kFirstWithJfr),
                "rtprof doctor says how to allow perf or ptrace, which need no newer JDK");
  }
  services.announce_recorder(process.pid());
  return std::make_unique<JfrSource>(process, plan, services, version, std::move(names), std::move(reason));
}

}  // namespace rtprof::jvm
