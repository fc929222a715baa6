#pragma once

#include <cstdint>
#include <optional>

#include "native/binary.h"
#include "native/frame_section.h"

namespace rtprof::native {

// The call-frame information of one binary: .eh_frame and .debug_frame of the file itself or, when it has
// neither, .debug_frame of its separate debug file, found by build id below the process's root and then ours.
//
// The sections are read into memory, not mapped: a file that is cut short later cannot fault us, and no
// descriptor stays open. Not for several threads.
class CallFrameInfo {
 public:
  // Never fails: a file without, or with nothing that can be read, has none.
  explicit CallFrameInfo(const Binary& binary);

  bool empty() const { return !eh_frame_ && !debug_frame_; }
  // What describes the instruction at an address of the file; nothing when nothing does.
  std::optional<FrameEntry> find(uint64_t address);

 private:
  std::optional<FrameSection> eh_frame_;
  std::optional<FrameSection> debug_frame_;
};

}  // namespace rtprof::native
