#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace rtprof {

// Sections, symbols, notes and segments of one ELF file. Everything read is checked against the file's size:
// a truncated or corrupt file yields missing sections and symbols, never a read outside it.
// Addresses are the file's own (virtual addresses before the load bias).
class ElfFile {
 public:
  struct Section {
    uint64_t address = 0;
    uint64_t offset = 0;
    uint64_t size = 0;
    bool has_bytes = false;  // false for .bss and the like
  };
  struct Symbol {
    uint64_t address = 0;
    uint64_t size = 0;
  };
  struct Segment {  // PT_LOAD
    uint64_t address = 0;
    uint64_t offset = 0;
    uint64_t file_size = 0;
    uint64_t memory_size = 0;
    bool executable = false;
  };

  static Result<ElfFile> open(const std::string& path);
  // Over bytes that stay owned by the result.
  static Result<ElfFile> from_bytes(std::string bytes);

  ElfFile(ElfFile&&) noexcept;
  ElfFile& operator=(ElfFile&&) noexcept;
  ~ElfFile();

  // EM_*, elf.h.
  uint16_t machine() const;
  bool is_64_bit() const;
  // ET_EXEC, linked to fixed addresses.
  bool is_fixed_position() const;
  const std::vector<Segment>& segments() const;
  // PT_DYNAMIC.
  std::optional<Segment> dynamic_segment() const;
  std::optional<Section> section(std::string_view name) const;
  // A defined symbol, looked up in .dynsym, then in .symtab, then as the loader does: a file can do without
  // section headers.
  std::optional<Symbol> symbol(std::string_view name) const;
  // The bytes of a section, up to `limit`; nothing when it has none in the file.
  std::optional<std::string> section_bytes(std::string_view name, size_t limit = 1 << 30) const;
  // The file's bytes for `size` bytes at a virtual address; nothing when they are not all in the file.
  std::optional<std::string> bytes_at(uint64_t address, size_t size) const;
  // Lower-case hex of the GNU build id; empty when there is none.
  std::string build_id() const;

 private:
  struct State;
  explicit ElfFile(std::unique_ptr<State> state);
  static Result<ElfFile> begin(std::unique_ptr<State> state, const std::string& name);

  std::unique_ptr<State> state_;
};

}  // namespace rtprof
