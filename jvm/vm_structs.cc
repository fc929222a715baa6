#include "jvm/vm_structs.h"

#include <algorithm>
#include <array>
#include <vector>

#include "common/process/page_cache.h"

namespace rtprof::jvm {
namespace {

// JDK 8 to 26 have up to 900 fields, 800 types and 700 constants.
constexpr size_t kMostEntries = 1 << 13;
constexpr uint64_t kLargestStride = 256;
constexpr size_t kLongestName = 256;

// A table: the variable that points to its first entry, the one that holds the size of an entry, and those
// that hold the offsets of an entry's members. It ends with an entry whose first member is null.
struct Table {
  std::string_view first;
  std::string_view stride;
  std::array<std::string_view, 5> members;  // the name that ends the table comes first
};

constexpr Table kFields{"gHotSpotVMStructs",
                        "gHotSpotVMStructEntryArrayStride",
                        {"gHotSpotVMStructEntryTypeNameOffset", "gHotSpotVMStructEntryFieldNameOffset",
                         "gHotSpotVMStructEntryTypeStringOffset", "gHotSpotVMStructEntryOffsetOffset",
                         "gHotSpotVMStructEntryAddressOffset"}};
constexpr Table kTypes{"gHotSpotVMTypes",
                       "gHotSpotVMTypeEntryArrayStride",
                       {"gHotSpotVMTypeEntryTypeNameOffset", "gHotSpotVMTypeEntryIsUnsignedOffset",
                        "gHotSpotVMTypeEntrySizeOffset"}};
constexpr Table kIntConstants{
    "gHotSpotVMIntConstants",
    "gHotSpotVMIntConstantEntryArrayStride",
    {"gHotSpotVMIntConstantEntryNameOffset", "gHotSpotVMIntConstantEntryValueOffset"}};
constexpr Table kLongConstants{
    "gHotSpotVMLongConstants",
    "gHotSpotVMLongConstantEntryArrayStride",
    {"gHotSpotVMLongConstantEntryNameOffset", "gHotSpotVMLongConstantEntryValueOffset"}};

class TableReader {
 public:
  TableReader(const Memory& memory, const VmStructs::SymbolAddress& symbol)
      : memory_(memory), symbol_(symbol) {}

  // Calls use(members) with the addresses of the members of each entry.
  template <typename Use>
  std::optional<Failure> each(const Table& table, Use use) {
    std::array<Address, 5> offsets{};
    for (size_t i = 0; i < table.members.size() && !table.members[i].empty(); ++i) {
      auto offset = variable(table.members[i]);
      if (!offset) return missing(table.members[i]);
      if (*offset >= kLargestStride) return nonsense(table);
      offsets[i] = *offset;
    }
    auto entry = variable(table.first);
    if (!entry) return missing(table.first);
    auto stride = variable(table.stride);
    if (!stride) return missing(table.stride);
    if (*stride == 0 || *stride > kLargestStride) return nonsense(table);
    for (size_t count = 0; count < kMostEntries; ++count, *entry += *stride) {
      auto name = memory_.pointer(*entry + offsets[0]);
      if (!name) return nonsense(table);
      if (*name == 0) return std::nullopt;
      std::array<Address, 5> members = offsets;
      for (Address& member : members) member += *entry;
      if (!use(members)) return nonsense(table);
    }
    return nonsense(table);
  }

  // The string that a pointer at an address leads to; nothing when it is longer than a name.
  std::optional<std::string> text(Address place) {
    auto start = memory_.pointer(place);
    if (!start) return std::nullopt;
    if (*start == 0) return "";
    auto text = memory_.c_string(*start, kLongestName);
    return text && text->size() < kLongestName ? text : std::nullopt;
  }

  const Memory& memory() const { return memory_; }

 private:
  std::optional<uint64_t> variable(std::string_view name) {
    auto address = symbol_(name);
    return address ? memory_.get<uint64_t>(*address) : std::nullopt;
  }
  static Failure missing(std::string_view name) { return {"it does not export " + std::string(name)}; }
  static Failure nonsense(const Table& table) {
    return {"what " + std::string(table.first) + " leads to cannot be read"};
  }

  PageCache memory_;
  const VmStructs::SymbolAddress& symbol_;
};

std::optional<Failure> read_fields(TableReader& reader, VmStructs& structs) {
  return reader.each(kFields, [&](const std::array<Address, 5>& members) {
    auto type = reader.text(members[0]);
    auto name = reader.text(members[1]);
    auto value_type = reader.text(members[2]);
    auto offset = reader.memory().get<uint64_t>(members[3]);
    auto address = reader.memory().pointer(members[4]);
    if (!type || !name || !offset || !address) return false;
    structs.add_field(*type, *name, {value_type.value_or(""), *offset, *address});
    return true;
  });
}

std::optional<Failure> read_types(TableReader& reader, VmStructs& structs) {
  return reader.each(kTypes, [&](const std::array<Address, 5>& members) {
    auto name = reader.text(members[0]);
    auto is_unsigned = reader.memory().get<int32_t>(members[1]);
    auto size = reader.memory().get<uint64_t>(members[2]);
    if (!name || !is_unsigned || !size) return false;
    structs.add_type(*name, {*size, *is_unsigned != 0});
    return true;
  });
}

template <typename Value>
std::optional<Failure> read_constants(const Table& table, TableReader& reader, VmStructs& structs) {
  return reader.each(table, [&](const std::array<Address, 5>& members) {
    auto name = reader.text(members[0]);
    auto value = reader.memory().get<Value>(members[1]);
    if (!name || !value) return false;
    structs.add_constant(*name, *value);
    return true;
  });
}

}  // namespace

Result<VmStructs> VmStructs::read(const Memory& memory, const SymbolAddress& symbol) {
  VmStructs structs;
  TableReader reader(memory, symbol);
  if (auto failure = read_fields(reader, structs)) return *failure;
  if (auto failure = read_types(reader, structs)) return *failure;
  if (auto failure = read_constants<int32_t>(kIntConstants, reader, structs)) return *failure;
  if (auto failure = read_constants<int64_t>(kLongConstants, reader, structs)) return *failure;
  return structs;
}

const VmStructs::Field* VmStructs::field(std::string_view type, std::string_view name) const {
  auto found = fields_.find(std::pair<std::string, std::string>(type, name));
  return found == fields_.end() ? nullptr : &found->second;
}

const VmStructs::Type* VmStructs::type(std::string_view name) const {
  auto found = types_.find(name);
  return found == types_.end() ? nullptr : &found->second;
}

std::optional<int64_t> VmStructs::constant(std::string_view name) const {
  auto found = constants_.find(name);
  return found == constants_.end() ? std::nullopt : std::optional(found->second);
}

void VmStructs::add_field(std::string type, std::string name, Field field) {
  fields_.insert_or_assign({std::move(type), std::move(name)}, std::move(field));
}

void VmStructs::add_type(std::string name, Type type) {
  types_.insert_or_assign(std::move(name), type);
}

void VmStructs::add_constant(std::string name, int64_t value) {
  constants_.insert_or_assign(std::move(name), value);
}

}  // namespace rtprof::jvm
