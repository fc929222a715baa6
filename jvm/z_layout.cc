#include "jvm/z_layout.h"

#include <fmt/core.h>

#include <initializer_list>

namespace rtprof::jvm {
namespace {

// A ZHeap has some KiB.
constexpr uint64_t kLargestHeap = 1 << 16;

// Names without the prefix, which structures and some of their fields have.
struct Name {
  std::string_view structure;
  std::string_view field;
  bool has_prefix = false;  // "_ZAddressGoodMask"
};

class Description {
 public:
  Description(const VmStructs& structs, std::string_view prefix) : structs_(structs), prefix_(prefix) {}

  const VmStructs::Field* field(const Name& name) const {
    std::string field = name.has_prefix ? fmt::format("_{}{}", prefix_, name.field) : std::string(name.field);
    return structs_.field(prefixed(name.structure), field);
  }

  // Of structures within structures; none where one is not described.
  Member nested(std::initializer_list<Name> names) const {
    Member member;
    uint64_t offset = 0;
    for (const Name& name : names) {
      const VmStructs::Field* found = field(name);
      if (found == nullptr || found->address != 0 || found->offset > kLargestHeap) return {};
      offset += found->offset;
      member = member_of(structs_, *found);
    }
    member.offset = static_cast<uint32_t>(offset);
    return member;
  }

  uint32_t bytes(std::string_view structure) const {
    const VmStructs::Type* type = structs_.type(prefixed(structure));
    return type != nullptr && type->size <= kLargestHeap ? static_cast<uint32_t>(type->size) : 0;
  }

  int64_t constant(std::string_view name) const { return structs_.constant(prefixed(name)).value_or(0); }

 private:
  std::string prefixed(std::string_view name) const { return fmt::format("{}{}", prefix_, name); }

  const VmStructs& structs_;
  const std::string_view prefix_;
};

}  // namespace

ZLayout z_layout_of(const VmStructs& structs, std::string_view prefix) {
  constexpr std::string_view kGlobals = "GlobalsForVMStructs";
  constexpr int64_t kLargestShift = 63;
  Description description(structs, prefix);
  ZLayout layout;
  auto address_of = [](const VmStructs::Field* field) { return field != nullptr ? field->address : 0; };
  layout.globals = address_of(description.field({kGlobals, "_instance_p"}));
  layout.offset_mask = description.nested({{kGlobals, "AddressOffsetMask", true}});
  layout.good_mask = description.nested({{kGlobals, "AddressGoodMask", true}});
  layout.weak_bad_mask = description.nested({{kGlobals, "AddressWeakBadMask", true}});
  layout.load_good_mask = description.nested({{kGlobals, "PointerLoadGoodMask", true}});
  layout.fixed_offset_mask = description.constant("AddressOffsetMask");

  layout.collected_heap = address_of(structs.field("Universe", "_collectedHeap"));
  layout.heap = description.nested({{"CollectedHeap", "_heap"}});
  layout.heap_bytes = description.bytes("Heap");
  layout.page_allocator = description.nested({{"Heap", "_page_allocator"}});
  layout.page_table = description.nested({{"Heap", "_page_table"}});
  layout.forwardings = description.nested(
      {{"Heap", "_forwarding_table"}, {"ForwardingTable", "_map"}, {"GranuleMapForForwarding", "_map"}});
  int64_t shift = description.constant("GranuleSizeShift");
  if (shift > 0 && shift <= kLargestShift) layout.granule_shift = static_cast<uint32_t>(shift);

  layout.forwarding_bytes = description.bytes("Forwarding");
  layout.forwarding_start = description.nested({{"Forwarding", "_virtual"}, {"VirtualMemory", "_start"}});
  layout.alignment_shift = description.nested({{"Forwarding", "_object_alignment_shift"}});
  layout.entry_count =
      description.nested({{"Forwarding", "_entries"}, {"AttachedArrayForForwarding", "_length"}});
  return layout;
}

}  // namespace rtprof::jvm
