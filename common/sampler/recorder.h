#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/profile/profile.h"

namespace rtprof {

// Gives a stack that a source took its frames. Called on the recorder's naming thread, once for each stack it
// has not named yet; must be safe beside the source's own use of what it shares with the namer.
class StackNamer {
 public:
  virtual ~StackNamer() = default;
  // Appends the frames of `stack`, root first. A stack that cannot be named gets unknown_frame().
  virtual void name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) = 0;
};

// A stack as a source took it: an id that means something to its namer, and that always means the same stack.
struct RawStack {
  uint32_t namer = 0;  // from Recorder::add_namer
  uint32_t id = 0;
};

struct ThreadId {
  int32_t pid = 0;
  int32_t tid = 0;
};

struct RawSample {
  Event event = Event::kCpu;
  Reason reason = Reason::kNone;
  ThreadId thread;
  RawStack stack;
  // What the leaf of `stack` called: frames leafward of it, of the kernel most often. Nothing: none.
  std::optional<RawStack> callees;
  // Who ended a wait: frames on top of both.
  std::optional<RawStack> waker;
  TimePoint start = 0;
  Nanoseconds duration = 0;
  int64_t weight = 0;
  uint64_t count = 1;
};

// Takes samples from sources and turns them into a Profile on a thread of its own, so that naming never
// delays sampling. Between the two is a bounded queue; a source that outruns naming waits. All methods may be
// called from any thread, add_namer before the first sample of its stacks.
class Recorder {
 public:
  Recorder();
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // The namer is kept for as long as the recorder lives.
  uint32_t add_namer(std::shared_ptr<StackNamer> namer);

  // One that was added; for a namer that names by others, on the naming thread.
  StackNamer& namer(uint32_t id) const { return *namers_[id]; }

  void sample(const RawSample& sample);
  void thread_name(ThreadId thread, std::string_view name);
  // A process that samples are of. One that becomes another program keeps its first command.
  void process(int32_t pid, std::string_view command);

  // When the first sample came; 0 before.
  TimePoint first_sample() const { return first_sample_; }

  // Waits until everything queued is in the profile, then calls `use(Profile&)` while nothing is added.
  template <typename Use>
  auto with_profile(Use use) {
    wait_until_empty();
    std::lock_guard lock(profile_mutex_);
    return use(profile_);
  }

 private:
  void run();
  void wait_until_empty();
  void consume(const std::vector<RawSample>& batch);
  StackId named(RawStack stack);
  StackId named(const RawSample& sample);
  StackId joined(StackId callers, const std::optional<RawStack>& callees);

  static constexpr size_t kQueueLimit = 1 << 16;

  mutable std::mutex queue_mutex_;
  std::condition_variable queue_filled_;
  std::condition_variable queue_emptied_;
  std::vector<RawSample> queue_;
  bool busy_ = false;
  bool stopping_ = false;
  TimePoint first_sample_ = 0;

  std::mutex profile_mutex_;
  Profile profile_;
  std::vector<std::shared_ptr<StackNamer>> namers_;  // guarded by profile_mutex_
  std::vector<std::vector<StackId>> named_;          // by namer and stack id; kNotNamed where not yet
  std::unordered_map<uint64_t, StackId> joined_;     // by named stack and named callees

  std::thread thread_;
};

}  // namespace rtprof
