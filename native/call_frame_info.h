#pragma once

#include <elfutils/libdw.h>
#include <libelf.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "native/binary.h"

namespace rtprof::native {

// The call-frame information of one binary as elfutils reads it: .eh_frame and .debug_frame of the file
// itself or, when it has neither, .debug_frame of its separate debug file, found by build id below the
// process's root and then ours.
//
// The sections are read into memory, not mapped: a file that is cut short later cannot fault us, and no
// descriptor stays open. Not for several threads.
class CallFrameInfo {
 public:
  // Never fails: a file without, or with nothing that can be read, has none.
  explicit CallFrameInfo(const Binary& binary);

  bool empty() const { return eh_frame_ == nullptr && debug_frame_ == nullptr; }

  struct FrameDeleter {
    void operator()(Dwarf_Frame* frame) const { std::free(frame); }
  };
  // Null when nothing describes the instruction at this address of the file.
  std::unique_ptr<Dwarf_Frame, FrameDeleter> frame_at(uint64_t address) const;

 private:
  struct ElfDeleter {
    void operator()(Elf* elf) const { elf_end(elf); }
  };
  struct CfiDeleter {
    void operator()(Dwarf_CFI* cfi) const { dwarf_cfi_end(cfi); }
  };
  struct DwarfDeleter {
    void operator()(Dwarf* dwarf) const { dwarf_end(dwarf); }
  };
  using ElfPointer = std::unique_ptr<Elf, ElfDeleter>;

  void read(Elf* elf);
  bool read_debug_frame(Elf* elf);
  void read_debug_file(const Binary& binary);

  // Each before what is made from it.
  ElfPointer elf_;
  std::unique_ptr<Dwarf_CFI, CfiDeleter> eh_frame_;
  std::string debug_image_;
  ElfPointer debug_elf_;
  std::unique_ptr<Dwarf, DwarfDeleter> debug_dwarf_;
  Dwarf_CFI* debug_frame_ = nullptr;
};

}  // namespace rtprof::native
