#include <cstddef>
#include <cstdint>
#include <string>

#include "common/elf/dynamic_symbols.h"
#include "common/elf/elf_file.h"

// Everything the program asks of a file, asked of a damaged one. Seeded with a small shared object.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto file = rtprof::ElfFile::from_bytes(std::string(reinterpret_cast<const char*>(data), size));
  if (!file) return 0;
  file->machine();
  file->is_64_bit();
  file->is_fixed_position();
  file->build_id();
  file->symbol("seed_function");
  file->symbol("absent");
  if (auto dynamic = file->dynamic_segment()) {
    rtprof::find_dynamic_symbol(*file, *dynamic, "seed_function");
    rtprof::find_dynamic_symbol(*file, *dynamic, "absent");
  }
  for (const char* name : {".text", ".data", ".bss", ".dynsym", ".symtab", ".note.gnu.build-id", "absent"}) {
    file->section(name);
    file->section_bytes(name, 1 << 16);
  }
  for (const auto& segment : file->segments()) {
    file->bytes_at(segment.address, 64);
    file->bytes_at(segment.address + segment.file_size - 1, 2);
  }
  return 0;
}
