#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/elf/elf_file.h"
#include "common/process/process.h"

namespace rtprof {

// One file that a process has mapped, all its mappings together.
struct Module {
  std::string path;               // as the target knows it
  std::string readable_path;      // as we can open it
  std::vector<Mapping> mappings;  // by address

  // What to add to the file's addresses to get the process's. Nothing when no mapping matches a segment.
  std::optional<uint64_t> load_bias(const ElfFile& file) const;
  bool contains(uint64_t address) const;
  bool executable() const;
};

// The files that the process maps and that may be ELF files (regular files, at least one executable mapping
// or a .so name), in address order.
std::vector<Module> modules_of(const Process& process);
std::vector<Module> group_modules(const std::vector<Mapping>& mappings);

}  // namespace rtprof
