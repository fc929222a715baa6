#include "native/perf_source.h"

#include <unordered_set>

#include "kernel/perf_sampler.h"
#include "native/perf_output.h"
#include "native/process_code.h"

namespace rtprof::native {
namespace {

class PerfSource final : public Source, public kernel::PerfSink {
 public:
  PerfSource(const Process& process, const SamplingPlan& plan, Recorder& recorder, Workshop& workshop)
      : process_(process),
        plan_(plan),
        recorder_(recorder),
        code_(std::shared_ptr<const Process>(std::shared_ptr<void>(), &process), plan, recorder, workshop) {
    quality_.pid = process.pid();
    quality_.runtime = "native";
    quality_.requested_rate = plan.rate;
  }

  std::optional<Failure> start() {
    kernel::PerfConfig config = perf_config(plan_);
    config.pids = {process_.pid()};
    target_cpu_at_start_ = process_.cpu_time();
    auto sampler = kernel::PerfSampler::open(config);
    if (!sampler) return sampler.failure();
    sampler_ = std::move(*sampler);
    quality_.reason = limits_text(sampler_->setup());
    return std::nullopt;
  }

  Schedule schedule() const override { return {0, sampler_->fd()}; }
  TimePoint since() const override { return sampler_->since(); }
  void tick(TimePoint, Recorder&) override {}
  void missed_ticks(uint64_t) override {}
  void drain(Recorder&) override {
    sampler_->drain(*this);
    ++quality_.ticks;
  }
  void flush(Recorder&) override {}
  bool ended() const override { return execed_ || !process_.alive(); }

  std::vector<RunQuality> quality() const override {
    RunQuality quality = quality_;
    quality.lost = sampler_->counts().lost;
    quality.asked = quality.samples + quality.lost;
    quality.threads = threads_.size();
    quality.target_cpu = process_.cpu_time() - target_cpu_at_start_;
    return {quality};
  }

  void on_sample(const kernel::SampleRecord& record, Nanoseconds weight) override {
    record_perf_sample(record, weight, plan_, code_, recorder_, quality_);
  }
  void on_mapping(const kernel::MappingRecord&) override { code_.changed(); }
  void on_name(const kernel::NameRecord& record) override {
    recorder_.thread_name({process_.pid(), record.id.tid}, record.name);
  }
  void on_exec(pid_t, TimePoint) override { execed_ = true; }
  void on_thread_start(pid_t, pid_t tid, TimePoint) override {
    if (!threads_.insert(tid).second) return;
    std::string name = kernel_thread_name(process_.pid(), tid);
    if (!name.empty()) recorder_.thread_name({process_.pid(), tid}, name);
  }

 private:
  const Process& process_;
  SamplingPlan plan_;
  Recorder& recorder_;
  ProcessCode code_;
  std::unique_ptr<kernel::PerfSampler> sampler_;
  std::unordered_set<pid_t> threads_;
  Nanoseconds target_cpu_at_start_ = 0;
  bool execed_ = false;
  RunQuality quality_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_perf_source(const Process& process, const SamplingPlan& plan,
                                                 Recorder& recorder, Workshop& workshop) {
  auto source = std::make_unique<PerfSource>(process, plan, recorder, workshop);
  if (auto failure = source->start()) return *failure;
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace rtprof::native
