#include "native/perf_source.h"

#include "native/cpu_account.h"
#include "native/perf_base.h"

namespace rtprof::native {
namespace {

class PerfSource final : public PerfBase {
 public:
  PerfSource(const Process& process, const SamplingPlan& plan, Recorder& recorder, Workshop& workshop,
             const CodeKind& kind)
      : PerfBase(process.pid(), plan, recorder, kind),
        process_(process),
        code_(process, plan, recorder, workshop, kind.code) {}

  std::optional<Failure> start() {
    kernel::PerfConfig wanted = config();
    wanted.pids = {process_.pid()};
    auto failure = open(wanted);
    account_.start(sampled_until());
    return failure;
  }
  bool ended() const override { return execed_ || !process_.alive(); }

 private:
  Nanoseconds cpu_time() const override { return process_.cpu_time(); }

  void begin_batch() override {
    code_.begin_batch(true);
    account_.begin_batch(sampled_until());
  }
  void on_sample(const kernel::SampleRecord& sample, Nanoseconds weight) override {
    // Where the kernel's part is in no sample, the clock tells more than samples should.
    record(sample, sampler().setup().kernel ? account_.weigh(weight) : weight, code_);
  }
  void on_mapping(const kernel::MappingRecord&) override { code_.changed(); }
  void on_exec(pid_t, TimePoint) override { execed_ = true; }
  void on_thread_start(pid_t pid, pid_t tid, TimePoint) override { add_thread(pid, tid); }
  void on_thread_end(pid_t, pid_t tid, TimePoint) override { code_.thread_changed(tid); }
  void on_name(const kernel::NameRecord& record) override {
    PerfBase::on_name(record);
    code_.thread_changed(record.id.tid);
  }

  const Process& process_;
  ProcessCode code_;
  CpuAccount account_;
  bool execed_ = false;
};

}  // namespace

Result<std::unique_ptr<Source>> open_perf_source(const Process& process, const SamplingPlan& plan,
                                                 Recorder& recorder, Workshop& workshop,
                                                 const CodeKind& kind) {
  auto source = std::make_unique<PerfSource>(process, plan, recorder, workshop, kind);
  if (auto failure = source->start()) return *failure;
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace rtprof::native
