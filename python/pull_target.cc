#include "python/pull_target.h"

#include <optional>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/sampler/pause_permission.h"
#include "common/sampler/pull_source.h"
#include "common/sampler/pull_target.h"
#include "python/pull_merge.h"
#include "python/pull_reader.h"
#include "python/thread_names_by_tid.h"
#include "python/thread_table.h"

namespace rtprof {
namespace {

// All threads are of table_.
SampledThread& of_python(PulledThread& thread) {
  return static_cast<SampledThread&>(thread);
}
const SampledThread& of_python(const PulledThread& thread) {
  return static_cast<const SampledThread&>(thread);
}

class PythonPullTarget final : public PullTarget {
 public:
  PythonPullTarget(const Process& process, const PythonProcess& python, const SamplingPlan& plan,
                   Recorder& recorder, native::Workshop& workshop, Mechanism mechanism)
      : process_(process),
        layout_(python.layout),
        stacks_(std::make_shared<PythonStacks>(process.memory(), python, process.directory())),
        stacks_namer_(recorder.add_namer(stacks_)),
        table_(process, layout_, plan.max_pause_share),
        reader_(process, layout_, mechanism, *stacks_, table_),
        namer_(process.pid(), recorder, std::make_shared<ThreadNamesByTid>(process, layout_)) {
    if (plan.native) merge_.emplace(process, plan, recorder, workshop, *stacks_, stacks_namer_, reader_);
  }

  std::string runtime() const override { return "python"; }
  std::string version() const override { return layout_.version.text(); }

  void begin_batch() override {
    stacks_->begin_batch();
    if (merge_) merge_->begin_batch();
  }

  bool outdated() const override { return table_.outdated(); }
  std::vector<std::unique_ptr<PulledThread>> refresh(TimePoint now) override;
  const std::vector<PulledThread*>& threads() override { return threads_; }
  size_t seen() const override { return table_.seen(); }
  void suspect() override { table_.suspect(); }
  bool readable() const override { return table_.readable(); }

  // For the state of a thread that has none: whether it runs Python is not known until then.
  bool wants_search(const PulledThread& thread, TimePoint now) const override {
    return of_python(thread).states.empty() && table_.may_have_state(of_python(thread), now);
  }
  void search(PulledThread& thread, TimePoint now) override {
    table_.match_states();
    of_python(thread).put_off_search(now);
  }

  Reading read_running(PulledThread& thread) override;
  std::optional<Sleeper> read_asleep(PulledThread& thread, uint64_t slices) override;
  Reason reason_asleep(const PulledThread& thread) override {
    return reader_.reason_asleep(of_python(thread));
  }
  std::optional<RawStack> unread(const PulledThread& thread) override {
    bool is_native = of_python(thread).states.empty() && of_python(thread).search_due != 0;
    return is_native ? std::optional(plain(reader_.native())) : std::nullopt;
  }

  RawStack marker(std::string_view text) override { return plain(stacks_->marker(text)); }
  bool unknown(RawStack stack) const override {
    return merge_ && merge_->is_merged(stack) ? merge_->unknown(stack) : stacks_->unknown(stack.id);
  }

  int late_fd() const override { return reader_.late_fd(); }
  void release_late() override { reader_.release_late(); }
  std::vector<Nanoseconds> take_holds() override { return reader_.take_holds(); }
  uint64_t held_back() const override { return reader_.held_back(); }

  void thread_came(pid_t tid) override { namer_.add(tid); }
  void name_threads(TimePoint now) override { namer_.update(now); }
  void name_all_threads() override { namer_.update_all(process_.threads()); }

  bool has_lock() const override { return has_gil(layout_.walk); }
  bool lock_is_held() override {
    return !gil_holders(process_.memory(), layout_.walk, table_.interpreters()).empty();
  }
  std::vector<PulledThread*> lock_holders() override;

 private:
  RawStack plain(uint32_t python) const { return {stacks_namer_, python}; }

  const Process& process_;
  const PythonLayout layout_;
  std::shared_ptr<PythonStacks> stacks_;
  uint32_t stacks_namer_;
  ThreadTable table_;
  PullReader reader_;
  ThreadNamer namer_;
  std::optional<PullMerge> merge_;  // with --native
  std::vector<PulledThread*> threads_;
};

std::vector<std::unique_ptr<PulledThread>> PythonPullTarget::refresh(TimePoint now) {
  std::vector<std::unique_ptr<PulledThread>> ended = table_.refresh(now);
  threads_.clear();
  for (const auto& thread : table_.threads()) threads_.push_back(thread.get());
  return ended;
}

PullTarget::Reading PythonPullTarget::read_running(PulledThread& thread) {
  PullReader::Reading read = reader_.read_running(of_python(thread));
  Reading reading{.torn = read.torn, .stopped = read.stopped, .late = read.late, .times = read.times};
  if (read.stack) reading.stack = merge_ && !read.denied ? merge_->last() : plain(*read.stack);
  return reading;
}

std::optional<PullTarget::Sleeper> PythonPullTarget::read_asleep(PulledThread& thread, uint64_t slices) {
  if (of_python(thread).states.empty() && !merge_) return Sleeper{plain(reader_.native())};
  auto stack = reader_.read_asleep(of_python(thread), slices);
  if (!stack) return std::nullopt;
  if (!merge_) return Sleeper{plain(*stack)};
  return Sleeper{merge_->last(), merge_->last_is_whole()};
}

std::vector<PulledThread*> PythonPullTarget::lock_holders() {
  std::vector<PulledThread*> holders;
  for (Address state : gil_holders(process_.memory(), layout_.walk, table_.interpreters())) {
    if (SampledThread* holder = table_.with_state(state)) {
      holders.push_back(holder);
    } else {
      table_.suspect();
    }
  }
  return holders;
}

}  // namespace

std::unique_ptr<Source> open_python_pull(const Process& process, const PythonProcess& python,
                                         const SamplingPlan& plan, Recorder& recorder,
                                         native::Workshop& workshop, Mechanism mechanism,
                                         std::string reason) {
  auto refusal = mechanism == Mechanism::kPause ? pause_refusal(process) : std::nullopt;
  if (refusal) throw Error(ExitCode::kNotPermitted, refusal->reason, refusal->fix + ", or use --nonblocking");
  auto target = std::make_unique<PythonPullTarget>(process, python, plan, recorder, workshop, mechanism);
  return open_pull(process, plan, recorder, std::move(target), mechanism, std::move(reason));
}

}  // namespace rtprof
