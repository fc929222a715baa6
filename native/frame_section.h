#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rtprof::native {

// What call-frame information says of one function: a frame description entry (FDE) with what its common
// information entry (CIE) adds (DWARF 5, section 6.4.1). Views into the section.
struct FrameEntry {
  uint64_t start = 0;  // of the instructions that it describes
  uint64_t end = 0;
  std::span<const uint8_t> initial;  // call-frame instructions that set the first row
  std::span<const uint8_t> program;  // those that follow
  uint64_t code_alignment = 1;
  int64_t data_alignment = 1;
  uint64_t return_address_register = 0;
  bool is_signal_frame = false;
};

// Where an .eh_frame_hdr at `address` says that .eh_frame is; nothing when it is not of the usual form.
std::optional<uint64_t> address_of_eh_frame(const std::string& index, uint64_t address);

// One section of call-frame information, .eh_frame or .debug_frame, whose entries elfutils decodes. Every
// address is the file's own.
class FrameSection {
 public:
  enum class Kind : uint8_t { kEhFrame, kDebugFrame };

  // `address` is the section's. `index` are the bytes of .eh_frame_hdr, at `index_address`: a sorted table of
  // the entries. Where it is empty, or not of the usual form, all entries are
  // looked at by the first find().
  FrameSection(Kind kind, std::string bytes, uint64_t address, std::string index = {},
               uint64_t index_address = 0);

  // The entry that describes the instruction at an address; nothing when there is none that can be read.
  std::optional<FrameEntry> find(uint64_t address);

 private:
  struct Indexed {
    uint64_t start;
    uint64_t end;
    uint64_t offset;
  };
  // Where .eh_frame_hdr has its table, of pairs of int32_t: the start of an entry's instructions and the
  // place of the entry, both from the start of .eh_frame_hdr (LSB 5.0, section 10.6.2).
  struct Table {
    size_t position;
    size_t count;
  };

  std::optional<Table> read_table() const;
  void index_all();
  std::optional<uint64_t> offset_by_table(uint64_t address) const;
  std::optional<uint64_t> offset_by_scan(uint64_t address);
  std::optional<FrameEntry> entry_at(uint64_t offset) const;

  Kind kind_;
  std::string bytes_;
  uint64_t address_;
  std::string index_;
  uint64_t index_address_;
  std::optional<Table> table_;
  std::vector<Indexed> entries_;  // by start; only without a table, and once they were looked at
  bool is_indexed_ = false;
};

}  // namespace rtprof::native
