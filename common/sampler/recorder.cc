#include "common/sampler/recorder.h"

namespace rtprof {
namespace {

constexpr StackId kNotNamed = UINT32_MAX;

}  // namespace

Recorder::Recorder() : thread_([this] { run(); }) {}

Recorder::~Recorder() {
  {
    std::lock_guard lock(queue_mutex_);
    stopping_ = true;
  }
  queue_filled_.notify_one();
  thread_.join();
}

uint32_t Recorder::add_namer(std::shared_ptr<StackNamer> namer) {
  std::lock_guard lock(profile_mutex_);
  namers_.push_back(std::move(namer));
  named_.emplace_back();
  return static_cast<uint32_t>(namers_.size() - 1);
}

void Recorder::sample(const RawSample& sample) {
  std::unique_lock lock(queue_mutex_);
  queue_emptied_.wait(lock, [this] { return queue_.size() < kQueueLimit || stopping_; });
  if (first_sample_ == 0) first_sample_ = monotonic_now();
  queue_.push_back(sample);
  // The naming thread is woken for a batch, or by its own timer: a wake-up a sample would cost more than the
  // sample.
  if (queue_.size() == kQueueLimit / 8) queue_filled_.notify_one();
}

void Recorder::thread_name(ThreadId thread, std::string_view name) {
  std::lock_guard lock(profile_mutex_);
  profile_.set_thread_name(thread.pid, thread.tid, name);
}

void Recorder::process(int32_t pid, std::string_view command) {
  std::lock_guard lock(profile_mutex_);
  for (const ProfiledProcess& known : profile_.processes) {
    if (known.pid == pid) return;
  }
  profile_.processes.push_back({pid, std::string(command)});
}

void Recorder::wait_until_empty() {
  std::unique_lock lock(queue_mutex_);
  queue_filled_.notify_one();
  queue_emptied_.wait(lock, [this] { return queue_.empty() && !busy_; });
}

void Recorder::run() {
  std::vector<RawSample> batch;
  std::unique_lock lock(queue_mutex_);
  while (true) {
    queue_filled_.wait_for(lock, std::chrono::milliseconds(50));
    if (queue_.empty()) {
      if (stopping_) return;
      continue;
    }
    batch.clear();
    batch.swap(queue_);
    busy_ = true;
    lock.unlock();
    consume(batch);
    lock.lock();
    busy_ = false;
    queue_emptied_.notify_all();
  }
}

void Recorder::consume(const std::vector<RawSample>& batch) {
  std::lock_guard lock(profile_mutex_);
  for (const RawSample& raw : batch) {
    Sample sample;
    sample.start = raw.start;
    sample.duration = raw.duration;
    sample.weight = raw.weight;
    sample.count = raw.count;
    sample.reason = raw.reason;
    sample.stack = named(raw);
    sample.thread = profile_.thread_index(raw.thread.pid, raw.thread.tid);
    profile_.series(raw.event).add(sample);
  }
}

StackId Recorder::named(RawStack stack) {
  std::vector<StackId>& known = named_[stack.namer];
  if (known.size() <= stack.id) known.resize(stack.id + 1, kNotNamed);
  StackId& id = known[stack.id];
  if (id == kNotNamed) {
    std::vector<FrameId> frames;
    namers_[stack.namer]->name(stack.id, profile_, frames);
    id = profile_.push(0, frames);
  }
  return id;
}

StackId Recorder::named(const RawSample& sample) {
  return joined(joined(named(sample.stack), sample.callees), sample.waker);
}

// The callees' frames on top of the callers'.
StackId Recorder::joined(StackId callers, const std::optional<RawStack>& raw) {
  StackId callees = raw ? named(*raw) : 0;
  if (callees == 0) return callers;
  auto [joined, is_new] = joined_.try_emplace(uint64_t{callers} << 32 | callees, 0);
  if (is_new) joined->second = profile_.push(callers, profile_.frames_of(callees));
  return joined->second;
}

}  // namespace rtprof
