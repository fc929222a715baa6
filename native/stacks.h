#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/sampler/recorder.h"
#include "native/address_space.h"
#include "native/runtime_code.h"
#include "native/symbolizer.h"
#include "native/unwinder.h"

namespace rtprof::native {

// Turns unwound stacks into stack ids, and stack ids into names: the table of raw stacks of one process. A
// frame is kept as a place in a binary, so that it keeps its name when the binary is unmapped or the process
// ends. Stacks are a tree, so that many stacks with common callers are small.
//
// One thread samples: intern() and marker() are its own. name() may run beside them on another.
class NativeStacks final : public StackNamer {
 public:
  // Of `process`. `lines`: frames tell file and line, and inlined functions are frames. `made` names the
  // frames of code that a runtime has made; null where there is none.
  NativeStacks(std::shared_ptr<const Process> process, std::shared_ptr<Symbolizer> symbolizer, bool lines,
               std::shared_ptr<RuntimeCode> made);

  // The id of a stack: frames of the kernel, each list leaf first, on top of those of user space, which
  // `space` tells the binaries of. `end` becomes a frame at the root where the stack is not whole; empty when
  // it is.
  uint32_t intern(AddressSpace& space, std::span<const Address> kernel, std::span<const MachineFrame> user,
                  std::string_view end) {
    return intern(space, kernel, user, std::span(&end, 1));
  }
  // The same with several marks, root first; empty ones are left out.
  uint32_t intern(AddressSpace& space, std::span<const Address> kernel, std::span<const MachineFrame> user,
                  std::span<const std::string_view> marks);

  // The id of a stack of one mark, such as "[unknown: …]".
  uint32_t marker(std::string_view text) { return child_mark(0, text); }

  // True when the stack's root is a mark "[unknown: …]".
  bool unknown(uint32_t id) const { return nodes_[id].unknown; }

  void name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) override;

  // Bytes held, roughly.
  size_t memory_use() const;

 private:
  enum class Kind : uint8_t { kUser, kKernel, kMark, kMade };
  struct Node {
    uint32_t parent = 0;
    Kind kind = Kind::kMark;
    bool unknown = false;
    uint32_t binary = 0;   // index into binaries_, kUser; index into marks_, kMark
    uint64_t address = 0;  // in the binary; of the process where it is in none; MachineFrame::made, kMade
  };
  // A node with what it refers to, for name().
  struct Step {
    Kind kind = Kind::kMark;
    AddressSpace::Place place;
    std::string mark;
  };
  struct NodeHash {
    size_t operator()(const Node& node) const;
  };
  struct NodeEqual {
    bool operator()(const Node& a, const Node& b) const;
  };

  uint32_t child(const Node& node);
  uint32_t child_mark(uint32_t parent, std::string_view text);
  uint32_t binary_index(const std::shared_ptr<const Binary>& binary);
  std::vector<Step> steps_of(uint32_t id);
  void append_frames(const Step& step, Profile& profile, std::vector<FrameId>& leaf_first);

  std::shared_ptr<const Process> process_;
  std::shared_ptr<Symbolizer> symbolizer_;
  bool lines_;
  std::shared_ptr<RuntimeCode> made_;
  std::mutex mutex_;  // guards what grows below against name()
  std::deque<Node> nodes_;
  std::unordered_map<Node, uint32_t, NodeHash, NodeEqual> ids_;
  std::vector<std::shared_ptr<const Binary>> binaries_;
  std::vector<std::string> marks_;
};

}  // namespace rtprof::native
