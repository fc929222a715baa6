#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/process/memory.h"
#include "python/layout.h"

namespace rtprof {

// A code object as it was when it was read.
struct CodeInfo {
  Address address = 0;
  std::string name;  // co_qualname, co_name before 3.11
  std::string file;  // co_filename
  std::string line_table;
  int32_t first_line = 0;
  Address bytecode = 0;     // of the first instruction; 0 before 3.11
  uint64_t code_bytes = 0;  // length of the bytecode; 0 before 3.11
  bool init_shim = false;   // see is_init_shim()
  std::string problem;      // why the rest is empty: a phrase; empty when it was read
};

// Whether a code object is the interpreter's own that from 3.12 on runs between a call of a class and the
// class's __init__ (_Py_InitCleanup, Python/specialize.c): no code of the program, and left out of stacks.
// Its name and its file are one and the same string.
bool is_init_shim(const Memory& memory, const PythonLayout& layout, Address code);

// The code objects of a target by address. An address can hold one code object now and another later: each is
// a version of its own, with an id that keeps its meaning. Not synchronised, but a CodeInfo never changes.
class CodeCache {
 public:
  using Version = uint32_t;

  // `code_type` is the address of PyCode_Type; 0 when not known, then a type named "code" is taken for it.
  CodeCache(const Memory& memory, const PythonLayout& layout, Address code_type);

  // From here on each code object is looked at again, once, before it is used.
  void begin_batch() { ++batch_; }

  // Looks at those of `codes` that were not yet looked at in this batch, all of them in one read, and reads
  // new ones in two more. An object that is no longer there keeps the version it had.
  void check(std::span<const Address> codes);

  // The version that the last check() of `code` found.
  Version version_of(Address code) const;

  // Whether check() has nothing to do for `code` in this batch.
  bool checked(Address code) const;

  const std::shared_ptr<const CodeInfo>& info(Version version) const { return versions_[version]; }

  // Offset of an instruction in the bytecode, in bytes, from what a frame holds; negative before the first
  // instruction.
  int32_t offset_of(Version version, uint64_t ip);

  size_t size() const { return versions_.size(); }
  size_t memory_use() const { return memory_use_; }

 private:
  // What tells one code object from another at the same address: type, length, pointers to names, file and
  // line table, first line.
  using Signature = std::array<uint64_t, 7>;
  using Header = std::array<uint8_t, kCodeHeaderBytes>;

  struct Entry {
    Signature signature{};
    Version version = 0;
    uint64_t batch = 0;  // of the last check
  };

  std::vector<bool> read_headers(std::span<const Address> codes, std::vector<Header>& headers) const;
  Signature signature_of(const Header& header) const;
  bool is_code_type(Address type);
  void read_new(std::span<const Address> codes, std::span<const Signature> signatures);
  Version add(CodeInfo info);
  int32_t offset_in_copy(const CodeInfo& info, uint64_t ip) const;

  const Memory& memory_;
  const PythonLayout layout_;
  Address code_type_;
  size_t header_bytes_;
  uint64_t batch_ = 1;
  std::unordered_map<Address, Entry> entries_;
  std::deque<std::shared_ptr<const CodeInfo>> versions_;
  size_t memory_use_ = 0;
};

}  // namespace rtprof
