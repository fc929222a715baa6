#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/profile/event.h"
#include "common/sampler/recorder.h"
#include "jvm/frames.h"
#include "jvm/java_frames.h"
#include "jvm/jfr_constants.h"
#include "jvm/thread_print.h"

namespace rtprof::jvm {

// The name of a method as its class has it, where that is a hidden one: JFR and HotSpot's dumps each write
// such names in a way of their own ("A$$Lambda+0x00007f1904001800.run").
std::string plain_method_name(std::string name);

// Stacks of a JVM's recording by id, the same in all of its chunks, and marks in the place of stacks. One
// thread samples; name() may run beside it on another.
class JfrStacks final : public StackNamer {
 public:
  explicit JfrStacks(const FrameDetail& detail) : detail_(detail) {}

  // A trace that is null, or whose methods are not known, is marked as unknown.
  uint32_t intern(const JfrConstants& constants, const JfrTrace* trace);
  // Of a thread that HotSpot has printed.
  uint32_t intern(const PrintedThread& thread);
  // Frames that are no methods, root first: "[native]", "[GC]".
  uint32_t marks(std::string_view root, std::string_view leaf = {});

  bool unknown(uint32_t stack) const { return stacks_[stack].is_unknown; }
  bool truncated(uint32_t stack) const { return stacks_[stack].is_truncated; }
  // What a thread waits for whose leaf is a native method, as far as the method's name tells.
  Reason native_reason(uint32_t stack) const { return stacks_[stack].native_reason; }

  void name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) override;

 private:
  struct Stack {
    uint32_t frames = 0;  // of frames_; 0: none
    std::string root;
    std::string leaf;
    bool is_unknown = false;
    bool is_truncated = false;
    Reason native_reason = Reason::kOther;
  };
  uint32_t intern(const std::vector<Frames::Part>& leaf_first, bool is_truncated);
  uint32_t add(Stack stack);

  static constexpr size_t kMostStacks = 1 << 19;

  const FrameDetail detail_;
  Frames frames_;
  std::mutex mutex_;  // guards stacks_, as it grows, against name()
  std::deque<Stack> stacks_;
  std::unordered_map<uint64_t, uint32_t> by_frames_;
  std::unordered_map<std::string, uint32_t> by_marks_;
};

}  // namespace rtprof::jvm
