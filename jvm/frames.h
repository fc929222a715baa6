#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/id_index.h"
#include "common/profile/profile.h"

namespace rtprof::jvm {

// The frames of one process by id: each is one or several methods, the innermost inlined one first, or a
// piece of HotSpot's own code. An id always means the same, so nothing is ever forgotten; what would take
// more than a given memory gets no id.
//
// One thread samples: all but name() are its own. name() may run beside them on another.
class Frames {
 public:
  struct Part {
    std::string_view name;
    int32_t line = 0;  // 0: not known
    JitMark mark = JitMark::kNone;
  };
  static constexpr size_t kMostBytes = 32 << 20;

  explicit Frames(size_t most_bytes = kMostBytes) : most_bytes_(most_bytes), nodes_(1) {}

  // Of Java methods, leaf first; at least one. Nothing where there is no room for what is new.
  std::optional<uint32_t> java(std::span<const Part> leaf_first);
  // Of HotSpot's own code, which has few names.
  uint32_t machinery(std::string_view name) { return child(0, FrameKind::kNative, {name}); }
  bool is_java(uint32_t id) const { return nodes_[id].kind == FrameKind::kJava; }

  void name(uint32_t id, Profile& profile, std::vector<FrameId>& leaf_first);

  // Bytes held, roughly.
  size_t memory_use() const;

 private:
  // A method and what it was inlined into, so that methods that are inlined at one place share that.
  struct Node {
    uint32_t caller = 0;  // 0: it is in none
    uint32_t name = 0;
    int32_t line = 0;
    FrameKind kind = FrameKind::kNative;
    JitMark mark = JitMark::kNone;

    bool operator==(const Node&) const = default;
  };
  uint32_t child(uint32_t caller, FrameKind kind, const Part& part);
  uint32_t intern(std::string_view name);
  std::optional<uint32_t> find(const Node& node) const;
  std::optional<uint32_t> find(std::string_view name) const;
  static uint64_t hash_of(const Node& node);
  static uint64_t hash_of(std::string_view name);

  const size_t most_bytes_;
  std::mutex mutex_;  // guards nodes_ and names_, as they grow, against name()
  std::deque<Node> nodes_;
  std::deque<std::string> names_;
  size_t name_bytes_ = 0;
  IdIndex node_ids_;
  IdIndex name_ids_;
};

}  // namespace rtprof::jvm
