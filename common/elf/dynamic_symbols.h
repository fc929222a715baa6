#pragma once

#include <optional>
#include <string_view>

#include "common/elf/elf_file.h"

namespace rtprof {

// A defined symbol as the loader finds it: by the dynamic segment and its GNU hash table, without the section
// headers, which a file can do without. `dynamic` is the file's PT_DYNAMIC.
std::optional<ElfFile::Symbol> find_dynamic_symbol(const ElfFile& file, const ElfFile::Segment& dynamic,
                                                   std::string_view name);

}  // namespace rtprof
