#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/fd.h"

struct Elf;

namespace rtprof::native {

// The bytes of an ELF file, wherever they are.
class ElfImage {
 public:
  // A file that stays readable by that path for as long as this is in use; or the bytes themselves.
  static ElfImage of_file(std::string path);
  static ElfImage of_descriptor(UniqueFd fd);
  static ElfImage of_bytes(std::string bytes);

  // A handle for one thread, to be ended before the image; null when this is no ELF file.
  struct ElfCloser {
    void operator()(Elf* elf) const;
  };
  struct Handle {
    UniqueFd fd;
    std::unique_ptr<Elf, ElfCloser> elf;  // after what it reads from: destroyed first
  };
  Handle open() const;
  // The text at an offset of the file up to its NUL, before `end`; empty when it cannot be read.
  std::string text_at(uint64_t offset, uint64_t end) const;
  // Bytes held.
  size_t memory_use() const { return bytes_.capacity(); }

 private:
  UniqueFd open_file() const;

  std::string path_;
  UniqueFd fd_;
  std::string bytes_;
};

// A symbol of code.
struct CodeSymbol {
  uint64_t address = 0;
  uint64_t size = 0;  // 0: not known
  uint64_t section_end = 0;
  uint32_t name = 0;    // from the begin of the names; less than 2^30
  uint8_t type = 0;     // STT_*, elf.h
  uint8_t binding = 0;  // STB_*
};

// Where the names of a symbol table are in its file: at most 2^30 bytes.
struct NameRange {
  uint64_t begin = 0;
  uint64_t end = 0;

  uint64_t size() const { return end - begin; }
};

// Calls `visit` for each symbol of code in the table of a type (SHT_SYMTAB, SHT_DYNSYM), in the table's
// order. Nothing when the file has no such table. What is damaged is left out.
std::optional<NameRange> visit_code_symbols(Elf* elf, uint32_t table_type,
                                            const std::function<void(const CodeSymbol&)>& visit);

// An entry of a procedure linkage table: a jump to a function of another file.
struct LinkageEntry {
  uint64_t address = 0;
  uint64_t size = 0;
  uint32_t name = 0;  // of the function, from the begin of the names; less than 2^30
};

// The entries of x86-64 linkage tables (.plt, .plt.sec, .plt.got) whose functions have names.
std::optional<NameRange> visit_linkage_entries(Elf* elf,
                                               const std::function<void(const LinkageEntry&)>& visit);

}  // namespace rtprof::native
