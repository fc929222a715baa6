#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "common/process/memory.h"
#include "jvm/vm_structs.h"

namespace rtprof::jvm {

// A member of one of HotSpot's structures: a whole number of up to 8 bytes.
struct Member {
  uint32_t offset = 0;
  uint8_t size = 0;  // 0: this JDK has none
  bool is_unsigned = true;

  bool exists() const { return size != 0; }
  // Its value in the bytes of its structure; 0 where it does not exist or they end before it.
  int64_t in(std::span<const uint8_t> structure) const;
  // In the structure at an address; nothing when that cannot be read.
  std::optional<int64_t> at(const Memory& memory, Address structure) const;
};

// That of a field that is not static.
Member member_of(const VmStructs& structs, const VmStructs::Field& field);

// Where a member of a layout is described. A member with several rows is described by one of them, the others
// are of other JDKs.
template <typename SomeLayout>
struct MemberRow {
  Member SomeLayout::*member;
  const char* structure;
  const char* field;
  bool needed = true;
};

// The same of a static field's address.
template <typename SomeLayout>
struct StaticRow {
  Address SomeLayout::*address;
  const char* structure;
  const char* field;
  bool needed = true;
};

// What no structure of HotSpot is as large as.
constexpr uint32_t kLargestStructure = 4096;

template <typename SomeLayout>
void fill(SomeLayout& layout, const VmStructs& structs, std::span<const MemberRow<SomeLayout>> rows) {
  for (const auto& row : rows) {
    const VmStructs::Field* field = structs.field(row.structure, row.field);
    if (field == nullptr || field->address != 0 || field->offset > kLargestStructure) continue;
    layout.*row.member = member_of(structs, *field);
  }
}

template <typename SomeLayout>
void fill(SomeLayout& layout, const VmStructs& structs, std::span<const StaticRow<SomeLayout>> rows) {
  for (const auto& row : rows) {
    const VmStructs::Field* field = structs.field(row.structure, row.field);
    if (field != nullptr && field->address != 0) layout.*row.address = field->address;
  }
}

// The first row that is needed and that nothing has filled; null when there is none.
template <typename SomeLayout>
const MemberRow<SomeLayout>* missing_row(const SomeLayout& layout,
                                         std::span<const MemberRow<SomeLayout>> rows) {
  for (const auto& row : rows) {
    if (row.needed && !(layout.*row.member).exists()) return &row;
  }
  return nullptr;
}

template <typename SomeLayout>
const StaticRow<SomeLayout>* missing_row(const SomeLayout& layout,
                                         std::span<const StaticRow<SomeLayout>> rows) {
  for (const auto& row : rows) {
    if (row.needed && layout.*row.address == 0) return &row;
  }
  return nullptr;
}

}  // namespace rtprof::jvm
