#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/fd.h"
#include "native/binary.h"

struct Dwarf;

namespace rtprof::native {

// A function at an address, as the source has it.
struct SourceFrame {
  std::string function;  // demangled; empty when not known
  std::string file;      // empty when not known
  int32_t line = 0;      // 0: not known
  int32_t start_line = 0;
};

// Lines of source and inlined functions of a binary, from the DWARF in itself or in its separate debug file.
// Opened at the first use and read a compilation unit at a time. Lives on one thread.
class SourceLines {
 public:
  explicit SourceLines(std::shared_ptr<const Binary> binary);
  SourceLines(SourceLines&&) noexcept;
  ~SourceLines();

  // The functions at an address of the file, the innermost first: those that are inlined there, and last the
  // one whose code it is. Empty when nothing is known of it.
  std::vector<SourceFrame> find(uint64_t address);

 private:
  struct Unit;
  struct DwarfCloser {
    void operator()(Dwarf* dwarf) const;
  };

  void open();
  void open_alternate(const Binary& binary);
  void list_units();
  Unit* unit_of(uint64_t address);

  std::shared_ptr<const Binary> binary_;
  bool is_opened_ = false;
  UniqueFd file_;
  UniqueFd alternate_file_;
  std::unique_ptr<Dwarf, DwarfCloser> alternate_;  // what dwarf_ shares with other files; ended after it
  std::unique_ptr<Dwarf, DwarfCloser> dwarf_;
  std::vector<std::unique_ptr<Unit>> units_;
  struct Range {
    uint64_t begin;
    uint64_t end;
    Unit* unit;
  };
  std::vector<Range> ranges_;  // by begin
};

}  // namespace rtprof::native
