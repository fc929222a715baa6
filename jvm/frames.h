#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/profile/profile.h"

namespace rtprof::jvm {

// The frames of one process by id: each is one or several methods, the innermost inlined one first, or a
// piece of HotSpot's own code. An id always means the same.
//
// One thread samples: all but name() are its own. name() may run beside them on another.
class Frames {
 public:
  struct Part {
    uint32_t name = 0;  // of intern()
    int32_t line = 0;   // 0: not known

    bool operator<(const Part& other) const {
      return std::pair(name, line) < std::pair(other.name, other.line);
    }
  };

  Frames() : frames_(1) {}

  uint32_t intern(std::string_view name);
  // Of Java methods, leaf first; at least one.
  uint32_t java(const std::vector<Part>& leaf_first) { return add(leaf_first, FrameKind::kJava); }
  // Of HotSpot's own code.
  uint32_t machinery(std::string_view name) { return add({{intern(name)}}, FrameKind::kNative); }
  bool is_java(uint32_t id) const { return frames_[id].kind == FrameKind::kJava; }

  void name(uint32_t id, Profile& profile, std::vector<FrameId>& leaf_first);

 private:
  struct Frame {
    FrameKind kind = FrameKind::kNative;
    std::vector<Part> parts;
  };
  uint32_t add(const std::vector<Part>& leaf_first, FrameKind kind);

  std::mutex mutex_;  // guards what grows below against name()
  std::deque<Frame> frames_;
  std::deque<std::string> names_;
  std::unordered_map<std::string_view, uint32_t> name_ids_;
  std::map<std::pair<FrameKind, std::vector<Part>>, uint32_t> ids_;
};

}  // namespace rtprof::jvm
