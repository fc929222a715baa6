#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/id_index.h"
#include "common/profile/event.h"
#include "common/profile/quality.h"
#include "common/profile/series.h"

namespace rtprof {

// Ids are dense indices into one Profile. 0 is the empty string, and the empty stack.
using StringId = uint32_t;
using FrameId = uint32_t;
using StackId = uint32_t;

enum class FrameKind : uint8_t {
  kPython,
  kJava,
  kGo,
  kNative,
  kKernel,
  kType,     // leaf: the type of an allocated object or of a lock
  kUnknown,  // "[unknown: REASON]" and other marks in the place of a frame, such as "[truncated]"
};

// How a runtime ran a frame's code, where that is asked for.
enum class JitMark : uint8_t {
  kNone,  // not asked for, or of no such code
  kInterpreted,
  kC1,       // compiled for a quick start
  kC2,       // compiled with all optimisations
  kInlined,  // a part of its caller's code
};

struct Frame {
  FrameKind kind = FrameKind::kUnknown;
  JitMark mark = JitMark::kNone;
  StringId function = 0;
  StringId file = 0;        // whole path
  StringId short_file = 0;  // as shown without --full-filenames; 0 when there is none
  StringId module = 0;      // binary, package or class loader, where the runtime has one
  int32_t line = 0;         // 0: none
  int32_t start_line = 0;   // first line of the function; 0: not known

  bool operator==(const Frame&) const = default;
};

// A stack is a node of a tree that all stacks share: its leaf frame, and the stack of its callers.
struct StackNode {
  StackId parent;
  FrameId frame;
};

struct ProfiledProcess {
  int32_t pid = 0;
  std::string command;
};

struct ProfiledThread {
  int32_t pid = 0;
  int32_t tid = 0;
  std::string name;  // empty when not known
};

// Everything that one recording found out. What writes reports reads this and nothing else.
// Not synchronised: one thread at a time.
class Profile {
 public:
  Profile();

  StringId intern(std::string_view text);
  std::string_view string(StringId id) const { return strings_[id]; }

  FrameId intern(const Frame& frame);
  const Frame& frame(FrameId id) const { return frames_[id]; }

  StackId push(StackId callers, FrameId frame);
  StackId push(StackId callers, std::span<const FrameId> root_first);
  const StackNode& stack(StackId id) const { return stacks_[id]; }
  // The frames of a stack, root first.
  std::vector<FrameId> frames_of(StackId stack) const;
  // A frame in the place of a stack or of its rest that could not be read: "[unknown: reason]".
  FrameId unknown_frame(std::string_view reason);

  // Index into threads(); made on first use.
  uint32_t thread_index(int32_t pid, int32_t tid);
  void set_thread_name(int32_t pid, int32_t tid, std::string_view name);
  const std::vector<ProfiledThread>& threads() const { return threads_; }

  std::vector<ProfiledProcess> processes;

  // The samples of one event; made on first use.
  Series& series(Event event);
  const std::deque<Series>& all_series() const { return series_; }

  size_t string_count() const { return strings_.size(); }
  size_t frame_count() const { return frames_.size(); }
  size_t stack_count() const { return stacks_.size(); }
  // Bytes held, roughly.
  size_t memory_use() const;

  // About the recording as a whole.
  int64_t start_unix_ns = 0;
  TimePoint start = 0;
  Nanoseconds duration = 0;
  bool live = false;  // alloc is of what was still in use in the end, and not of all that was allocated
  double rate = 0;    // samples a second and thread that were asked for; 0 for events without a clock
  RecordingQuality quality;

 private:
  struct FrameHash {
    size_t operator()(const Frame& frame) const;
  };

  std::deque<std::string> strings_;  // a deque, so that the keys of string_ids_ stay where they are
  std::unordered_map<std::string_view, StringId> string_ids_;
  std::vector<Frame> frames_;
  std::unordered_map<Frame, FrameId, FrameHash> frame_ids_;
  std::vector<StackNode> stacks_;
  IdIndex stack_ids_;
  std::vector<ProfiledThread> threads_;
  std::unordered_map<uint64_t, uint32_t> thread_ids_;
  std::deque<Series> series_;
};

}  // namespace rtprof
