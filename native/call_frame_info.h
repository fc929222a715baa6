#pragma once

#include <cstdint>
#include <optional>

#include "native/binary.h"
#include "native/frame_section.h"

namespace rtprof::native {

// The call-frame information of one binary: .eh_frame and .debug_frame of the file itself and, for what they
// do not describe, .debug_frame of its separate debug file, found by build id below the process's root or
// ours.
//
// The sections are read into memory, not mapped: a file that is cut short later cannot fault us, and no
// descriptor stays open. Not for several threads.
class CallFrameInfo {
 public:
  // Never fails: a file without, or with nothing that can be read, has none. It outlives this.
  explicit CallFrameInfo(const Binary& binary);

  bool empty() const { return !eh_frame_ && !debug_frame_; }
  // What describes the instruction at an address of the file; nothing when nothing does.
  std::optional<FrameEntry> find(uint64_t address);

 private:
  void ask_debug_file();

  const Binary& binary_;
  std::optional<FrameSection> eh_frame_;
  std::optional<FrameSection> debug_frame_;  // of either file
  bool has_asked_debug_file_ = false;
};

}  // namespace rtprof::native
