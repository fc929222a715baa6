#pragma once

#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

#include "native/binary.h"

// The files of tests/fixtures.
namespace rtprof::native {

inline std::string fixture_path(const std::string& name) {
  return std::string(RTPROF_FIXTURES) + "/" + name;
}

// A file as a binary of this process.
inline std::shared_ptr<const Binary> binary_of(const std::string& path) {
  Mapping mapping;
  mapping.path = path;
  mapping.inode = 1;
  return std::make_shared<const Binary>(Process::open(::getpid()), mapping);
}

// Where a function is in the fixture, by the linker's account: all variants of the fixture have it there.
inline uint64_t fixture_address(const std::string& function, const std::string& file = "symbols.so") {
  auto elf = ElfFile::open(fixture_path(file));
  auto symbol = elf ? elf->symbol(function) : std::nullopt;
  if (!symbol) throw std::runtime_error("no such function in the fixture: " + function);
  return symbol->address;
}

inline std::string fixture_source() {
  return std::string(RTPROF_SOURCES) + "/tests/fixtures/symbols.cc";
}

// The number of the line that is marked with "line: NAME".
inline int fixture_line(const std::string& name) {
  std::ifstream source(fixture_source());
  std::string line;
  for (int number = 1; std::getline(source, line); ++number) {
    if (line.ends_with("line: " + name)) return number;
  }
  throw std::runtime_error("no such line in the fixture: " + name);
}

}  // namespace rtprof::native
