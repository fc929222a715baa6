#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/elf/elf_file.h"
#include "common/elf/modules.h"
#include "python/version.h"

namespace rtprof {

// What a file on disk tells about an interpreter in it. Addresses are the file's own; 0 where there is none.
struct PythonImage {
  uint64_t runtime = 0;         // _PyRuntime; the section .PyRuntime (3.10+) where no symbol is left
  uint64_t version_number = 0;  // Py_Version (3.11+): an unsigned long, as PY_VERSION_HEX
  uint64_t code_type = 0;       // PyCode_Type
  uint64_t none = 0;            // _Py_NoneStruct
  bool interpreter = false;     // holds one, be it without _PyRuntime (3.6 and earlier)
  std::optional<PythonVersion>
      version;  // by the file's name, and by its strings up to 3.10 or without symbols
};

// Reads the file of a module; nothing when it is not readable or no ELF file for this machine. What a file
// holds is remembered for as long as the program runs, so that a library which many processes map is read
// once. May be called from any thread.
std::optional<PythonImage> python_image_of(const Module& module);

// The image in a file, without the memory.
std::optional<PythonImage> read_python_image(const std::string& readable_path, std::string_view name);

// The version literal among strings such as those of .rodata: "3.9.2". `expected` is what the file's name
// says, and decides between several.
std::optional<PythonVersion> version_in_strings(std::string_view strings,
                                                const std::optional<PythonVersion>& expected);

}  // namespace rtprof
