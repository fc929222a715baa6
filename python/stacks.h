#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/id_index.h"
#include "common/process/memory.h"
#include "common/sampler/recorder.h"
#include "python/code_cache.h"
#include "python/locate.h"
#include "python/short_path.h"
#include "python/walk.h"

namespace rtprof {

// How a walk ended: at the thread's first frame, or before. What is missing becomes a frame at the root of
// what was read, or in its place when nothing was.
enum class StackEnd : uint8_t {
  kComplete,
  kTruncated,        // more frames than a walk takes: "[truncated]"
  kPageNotResident,  // the kernel could not read a page: "[unknown: page not resident]"
  kReadError,        // "[unknown: read error]"
  kChanged,          // the stack changed while it was read: "[unknown: stack changed while read]"
  kThreadGone,       // "[unknown: thread gone]"
};

// Turns walked frames into stack ids, and stack ids into names: the table of raw stacks that all mechanisms
// share. Stacks are a tree, so that many stacks with common callers are small. A stack id always means the
// same code at the same instructions: code objects are read when their stack is interned, and checked for
// replacement (freed, and another one made at the same address).
//
// One thread samples: begin_batch(), intern(), marker(), revalidate(), unknown() are its own. name() may run
// beside them on another.
class PythonStacks final : public StackNamer {
 public:
  // `memory` outlives this. `process_directory` is "/proc/PID", where source files are looked up as the
  // process sees them; empty when short paths are to be file names only.
  PythonStacks(const Memory& memory, const PythonProcess& python, const std::string& process_directory);

  // From here on a code object is checked again, once, when next used. Call before the stacks that were
  // sampled since the last call: once a tick, once a drained buffer.
  void begin_batch();

  // The id of a stack; 0 for a complete one without frames. Left out are frames that run no code object (None
  // in its place) and those of is_init_shim().
  uint32_t intern(std::span<const rt_py_frame> leaf_first, StackEnd end);

  // The id of a stack of one mark, such as "[native]"; one of "[unknown: …]" counts as unknown().
  uint32_t marker(std::string_view text);

  // What intern() would now give for the stack: the same id, unless a code object of its has been replaced.
  uint32_t revalidate(uint32_t id);

  // True when a frame of the stack, or its end, could not be read.
  bool unknown(uint32_t id) const { return nodes_[id].unknown; }

  size_t stack_count() const { return nodes_.size(); }
  // Bytes held, roughly.
  size_t memory_use() const;

  void name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) override;

 private:
  using CodeVersion = CodeCache::Version;

  // A frame over the stack of its callers. `version` counts from the end for marks: see mark().
  struct Node {
    uint32_t parent = 0;
    CodeVersion version = 0;
    int32_t offset = 0;  // of the instruction, in bytes; negative before the first
    bool unknown = false;
  };
  struct Step {
    uint32_t node;
    CodeVersion version;
    int32_t offset;
    std::shared_ptr<const CodeInfo> code;  // null for a mark
    std::string mark;
  };

  void check_codes(std::span<const rt_py_frame> frames);
  uint32_t child(uint32_t parent, CodeVersion version, int32_t offset, bool unknown);
  uint32_t child_mark(uint32_t parent, std::string_view text, bool unknown);
  std::vector<Step> steps_of(uint32_t id);
  FrameId frame_of(const Step& step, Profile& profile);
  int32_t line_of_node(const Step& step);

  const LineTableFormat line_table_;
  const Address none_;

  mutable std::mutex
      mutex_;  // what both threads use: codes_, nodes_, marks_; only the sampling thread changes them
  CodeCache codes_;
  std::vector<Node> nodes_;
  std::vector<std::string> marks_;

  // The sampling thread's.
  IdIndex index_;
  std::vector<Address> due_;

  // The naming thread's.
  std::vector<int32_t> lines_;  // by node; kLineNotKnown where not yet looked up
  ShortPaths short_paths_;
};

}  // namespace rtprof
