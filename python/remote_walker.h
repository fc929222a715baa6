#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/process/memory.h"
#include "kernel/record.h"
#include "python/layout.h"
#include "python/stacks.h"

namespace rtprof {

// What is remembered of the last walk of a thread to make the next one a single read: where things were,
// never what they held. A wrong guess costs a further read and nothing else.
struct WalkMemory {
  struct Range {
    Address address = 0;
    uint32_t size = 0;
  };
  std::vector<Range> ranges;
};

// The code object and the instruction of a frame, of which `bytes` are the first walk.frame_size ones.
rt_py_frame code_and_ip_of(const rt_py_walk& walk, const uint8_t* bytes);

// Walks the frames of a thread from outside, over memory that another process owns and that need not make
// sense: every address and length in it is checked or bounded.
//
// From 3.11 on the frames of plain calls lie one after another in chunks: the chunk is copied with the thread
// state in one read, and the copy is walked. Frames elsewhere (of generators and coroutines; before 3.11 all
// of them) are read where the last walk of the thread found them, in the same read; what the guess missed is
// read one by one. The result is consistent when the thread stood still, or slept, all the while.
class RemoteWalker {
 public:
  // More frames than this are cut off at the root, as the BPF walker does.
  static constexpr size_t kMostFrames = RT_MAX_FRAMES;

  RemoteWalker(const Memory& memory, const PythonLayout& layout);

  struct Walk {
    StackEnd end = StackEnd::kComplete;  // kThreadGone: the state is no longer that thread's
    // Valid until the next walk.
    std::span<const rt_py_frame> leaf_first;
    std::span<const Address> addresses;   // of the same frames
    std::span<const rt_py_frame> marked;  // the same frames with their marks, and marks alone: RT_PY_ENTRY
  };

  // Walks the thread whose thread state is at `state` and whose pthread_t is `thread_id`.
  Walk walk(Address state, uint64_t thread_id, WalkMemory& memory);

  // True when the leaf frame of the thread that was walked last, and the instruction in it, are what they
  // were: the check of a stack that was read while its thread ran.
  bool still_there();

 private:
  // Bytes of the target that have been copied to `at` in buffer_.
  struct Copy {
    Address address;
    uint32_t size;
    uint32_t at;
  };
  struct Frame {
    Address back = 0;
    rt_py_frame code_and_ip{};
    bool shim = false;
    bool entry = false;
  };

  bool start(Address state, const WalkMemory& memory);
  bool enter(Address& leaf);
  std::optional<Frame> frame_at(Address address);
  const uint8_t* find(const std::vector<Copy>& copies, Address address, size_t size) const;
  const uint8_t* get(Address address, size_t size);
  const uint8_t* copy(Address address, size_t size);
  void mark_entry(Address back);
  void load_newest_chunk(Address chunk, Address top);
  bool load_older_chunk(Address frame);
  bool load_chunk(Address address, uint64_t size);
  Frame parse(const uint8_t* bytes) const;
  void remember(WalkMemory& memory);

  const Memory& memory_;
  const PythonLayout layout_;
  uint32_t state_bytes_;

  // Of the walk that is under way, or of the last one.
  Address state_ = 0;
  Address leaf_ = 0;
  Frame leaf_frame_;
  std::vector<uint8_t> buffer_;  // begins with the thread state
  std::vector<Copy> guessed_;    // by address
  std::vector<Copy> chunks_;     // by address
  struct {
    Address address = 0;
    uint64_t size = 0;  // 0 while not known
  } older_chunk_;       // the next one towards the root, not copied yet
  std::vector<WalkMemory::Range> used_;
  std::vector<rt_py_frame> frames_;
  std::vector<Address> addresses_;  // of frames_
  std::vector<rt_py_frame> marked_;
  std::vector<MemoryRange> ranges_;
};

}  // namespace rtprof
