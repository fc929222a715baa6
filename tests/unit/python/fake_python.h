#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/process/memory.h"
#include "python/layout.h"
#include "python/locate.h"
#include "tests/unit/fake_memory.h"

namespace rtprof::test {

// What stands at _PyRuntime in a release build of 3.`minor` (13, 14 or 15) for x86-64: the words of its
// _Py_DebugOffsets.
std::vector<uint8_t> debug_offsets(int minor, bool free_threaded = false);

// The layout of CPython 3.`minor`, from its table or its debug offsets.
PythonLayout layout_of_minor(int minor, bool free_threaded = false);

struct Build {
  int minor;
  bool free_threaded = false;
};

// Every build that is read, for INSTANTIATE_TEST_SUITE_P with build_name.
inline constexpr Build kBuilds[] = {{8},  {9},  {10},       {11},       {12},      {13},
                                    {14}, {15}, {13, true}, {14, true}, {15, true}};

inline std::string build_name(const testing::TestParamInfo<Build>& info) {
  return "python3_" + std::to_string(info.param.minor) + (info.param.free_threaded ? "t" : "");
}

// Objects of CPython 3.`minor` in made-up memory.
class FakePython {
 public:
  FakePython(FakeMemory& memory, Build build);

  const PythonLayout& layout() const { return process_.layout; }
  const PythonProcess& process() const { return process_; }

  Address compact_ascii(std::string_view text);
  Address compact(size_t width, const std::vector<uint32_t>& characters);
  Address not_compact(size_t width, const std::vector<uint32_t>& characters);
  Address bytes(std::string_view content);

  struct Code {
    std::string name = "function";
    std::string file = "/app/file.py";
    std::string line_table;
    int32_t first_line = 1;
    uint64_t code_units = 100;
  };
  Address code(const Code& code);
  // Makes another code object at the address of one that has been freed.
  void replace_code(Address at, const Code& code);
  // What a frame holds that is at `offset` bytes into the code.
  uint64_t ip(Address code, int64_t offset) const;
  // An object that is no code object.
  Address none() const { return process_.none; }

 private:
  Address allocate(size_t size);
  Address type(std::string_view name);
  void string_header(Address at, size_t length, size_t kind, bool compact, bool ascii);

  FakeMemory& memory_;
  PythonProcess process_;
  Address next_ = 0x7f0000000000;
};

}  // namespace rtprof::test
