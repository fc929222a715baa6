#include "jvm/member.h"

#include <cstring>
#include <string_view>

namespace rtprof::jvm {
namespace {

// Integers that not all JDKs list among their types.
struct IntegerType {
  const char* name;
  uint8_t size;
  bool is_unsigned;
};

constexpr IntegerType kIntegers[] = {
    {"int", 4, false},
    {"u1", 1, true},
    {"u2", 2, true},
    {"u4", 4, true},
    {"int16_t", 2, false},
    {"uint16_t", 2, true},
    {"uint32_t", 4, true},
    {"unsigned int", 4, true},
    {"const uint", 4, true},
    {"jint", 4, false},
    {"juint", 4, true},
    {"int64_t", 8, false},
    {"pid_t", 4, false},
    {"size_t", 8, true},
    {"bool", 1, true},
    {"CompLevel", 1, false},
    {"OSThread::thread_id_t", 4, false},
};

}  // namespace

Member member_of(const VmStructs& structs, const VmStructs::Field& field) {
  Member member{.offset = static_cast<uint32_t>(field.offset)};
  std::string_view type = field.type;
  if (type.ends_with("*") || type == "address") {
    member.size = 8;
    return member;
  }
  for (const IntegerType& integer : kIntegers) {
    if (type != integer.name) continue;
    member.size = integer.size;
    member.is_unsigned = integer.is_unsigned;
    return member;
  }
  // Structures within structures (VirtualSpace) have a place, and members of their own.
  const VmStructs::Type* known = structs.type(type);
  member.size = known != nullptr && known->size >= 1 && known->size <= 8 ? known->size : 8;
  member.is_unsigned = known != nullptr && known->is_unsigned;
  return member;
}

int64_t Member::in(std::span<const uint8_t> structure) const {
  if (size == 0 || size > sizeof(uint64_t) || offset > structure.size() || size > structure.size() - offset)
    return 0;
  uint64_t value = 0;
  std::memcpy(&value, structure.data() + offset, size);
  int spare = 64 - 8 * size;
  if (is_unsigned) return static_cast<int64_t>(value);
  return static_cast<int64_t>(value << spare) >> spare;
}

std::optional<int64_t> Member::at(const Memory& memory, Address structure) const {
  uint8_t bytes[sizeof(uint64_t)] = {};
  if (size == 0 || size > sizeof bytes || !memory.read(structure + offset, bytes, size)) return std::nullopt;
  return Member{0, size, is_unsigned}.in(bytes);
}

}  // namespace rtprof::jvm
