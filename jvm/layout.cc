#include "jvm/layout.h"

#include <fmt/core.h>

#include <charconv>
#include <span>

namespace rtprof::jvm {
namespace {

constexpr MemberRow<Layout> kMembers[] = {
    {&Layout::array_data, "GrowableArray<int>", "_data", false},
    {&Layout::array_length, "GrowableArrayBase", "_len", false},
    {&Layout::array_length, "GenericGrowableArray", "_len", false},
    {&Layout::heap_memory, "CodeHeap", "_memory"},
    {&Layout::heap_segments, "CodeHeap", "_segmap"},
    {&Layout::heap_segment_shift, "CodeHeap", "_log2_segment_size"},
    {&Layout::space_low, "VirtualSpace", "_low"},
    {&Layout::space_high, "VirtualSpace", "_high"},
    {&Layout::space_low_boundary, "VirtualSpace", "_low_boundary"},
    {&Layout::space_high_boundary, "VirtualSpace", "_high_boundary"},
    {&Layout::block_length, "HeapBlock::Header", "_length"},
    {&Layout::block_used, "HeapBlock::Header", "_used"},
    {&Layout::blob_name, "CodeBlob", "_name"},
    {&Layout::blob_size, "CodeBlob", "_size"},
    {&Layout::blob_frame_size, "CodeBlob", "_frame_size"},
    {&Layout::blob_frame_complete, "CodeBlob", "_frame_complete_offset"},
    {&Layout::blob_code_begin, "CodeBlob", "_code_begin", false},
    {&Layout::blob_code_end, "CodeBlob", "_code_end", false},
    {&Layout::blob_code_offset, "CodeBlob", "_code_offset", false},
    {&Layout::blob_data_offset, "CodeBlob", "_data_offset"},
    {&Layout::blob_mutable_data, "CodeBlob", "_mutable_data", false},
    {&Layout::blob_relocation_size, "CodeBlob", "_relocation_size", false},
    {&Layout::method_of_nmethod, "CompiledMethod", "_method"},
    {&Layout::method_of_nmethod, "nmethod", "_method"},
    {&Layout::compile_id, "nmethod", "_compile_id"},
    {&Layout::comp_level, "nmethod", "_comp_level", false},
    {&Layout::orig_pc_offset, "nmethod", "_orig_pc_offset"},
    {&Layout::deopt_begin, "CompiledMethod", "_deopt_handler_begin", false},
    {&Layout::deopt_mh_begin, "CompiledMethod", "_deopt_mh_handler_begin", false},
    {&Layout::deopt_offset, "nmethod", "_deoptimize_offset", false},
    {&Layout::deopt_mh_offset, "nmethod", "_deoptimize_mh_offset", false},
    {&Layout::deopt_offset, "nmethod", "_deopt_handler_offset", false},
    {&Layout::deopt_offset, "nmethod", "_deopt_handler_entry_offset", false},
    {&Layout::deopt_mh_offset, "nmethod", "_deopt_mh_handler_offset", false},
    {&Layout::immutable_data, "nmethod", "_immutable_data", false},
    {&Layout::immutable_data_size, "nmethod", "_immutable_data_size", false},
    {&Layout::scopes_data_begin, "CompiledMethod", "_scopes_data_begin", false},
    {&Layout::scopes_data_offset, "nmethod", "_scopes_data_offset", false},
    {&Layout::scopes_pcs_offset, "nmethod", "_scopes_pcs_offset"},
    {&Layout::dependencies_offset, "nmethod", "_dependencies_offset", false},
    {&Layout::metadata_offset, "nmethod", "_metadata_offset", false},
    {&Layout::pc_desc_pc, "PcDesc", "_pc_offset"},
    {&Layout::pc_desc_scope, "PcDesc", "_scope_decode_offset"},
    {&Layout::method_const, "Method", "_constMethod"},
    {&Layout::const_pool, "ConstMethod", "_constants"},
    {&Layout::const_name, "ConstMethod", "_name_index"},
    {&Layout::const_signature, "ConstMethod", "_signature_index"},
    {&Layout::const_code_size, "ConstMethod", "_code_size"},
    {&Layout::const_flags, "ConstMethod", "_flags", false},
    {&Layout::const_flags, "ConstMethod", "_flags._flags", false},
    {&Layout::pool_tags, "ConstantPool", "_tags"},
    {&Layout::pool_length, "ConstantPool", "_length"},
    {&Layout::pool_holder, "ConstantPool", "_pool_holder"},
    {&Layout::klass_name, "Klass", "_name"},
    {&Layout::symbol_length, "Symbol", "_length"},
    {&Layout::symbol_length, "SymbolBase", "_length"},
    {&Layout::heap_collections, "CollectedHeap", "_total_collections", false},
    {&Layout::allocated_bytes, "Thread", "_allocated_bytes", false},
    {&Layout::buffer, "Thread", "_tlab", false},
    {&Layout::buffer_start, "ThreadLocalAllocBuffer", "_start", false},
    {&Layout::buffer_top, "ThreadLocalAllocBuffer", "_top", false},
    {&Layout::buffer_desired, "ThreadLocalAllocBuffer", "_desired_size", false},
    {&Layout::buffer_waste, "ThreadLocalAllocBuffer", "_refill_waste_limit", false},
    {&Layout::buffer_refills, "ThreadLocalAllocBuffer", "_number_of_refills", false},
    {&Layout::wrapper_anchor, "JavaCallWrapper", "_anchor"},
    {&Layout::anchor_sp, "JavaFrameAnchor", "_last_Java_sp"},
};

constexpr StaticRow<Layout> kStatics[] = {
    {&Layout::code_heaps, "CodeCache", "_heaps", false},
    {&Layout::code_heap, "CodeCache", "_heap", false},
    {&Layout::buffer_reserve, "Abstract_VM_Version", "_reserve_for_allocation_prefetch", false},
    {&Layout::java_command, "Arguments", "_java_command", false},
    {&Layout::heap, "Universe", "_collectedHeap", false},
    {&Layout::call_stub_return, "StubRoutines", "_call_stub_return_address"},
};

struct SizeRow {
  uint32_t Layout::*bytes;
  const char* type;
};

constexpr SizeRow kSizes[] = {
    {&Layout::heap_block_bytes, "HeapBlock"},     {&Layout::blob_bytes, "nmethod"},
    {&Layout::pc_desc_bytes, "PcDesc"},           {&Layout::pool_bytes, "ConstantPool"},
    {&Layout::const_method_bytes, "ConstMethod"},
};

Failure missing(const JdkVersion& version, std::string_view what) {
  return {fmt::format("HotSpot of JDK {} does not describe {}", version.text, what)};
}

std::optional<Failure> fill_members(Layout& layout, const VmStructs& structs) {
  fill<Layout>(layout, structs, kMembers);
  fill<Layout>(layout, structs, kStatics);
  if (const auto* row = missing_row<Layout>(layout, kMembers))
    return missing(layout.version, fmt::format("{}::{}", row->structure, row->field));
  if (const auto* row = missing_row<Layout>(layout, kStatics))
    return missing(layout.version, fmt::format("{}::{}", row->structure, row->field));
  return std::nullopt;
}

std::optional<Failure> fill_rest(Layout& layout, const VmStructs& structs) {
  for (const SizeRow& row : kSizes) {
    const VmStructs::Type* type = structs.type(row.type);
    if (type == nullptr || type->size == 0 || type->size > kLargestStructure)
      return missing(layout.version, fmt::format("the size of {}", row.type));
    layout.*row.bytes = static_cast<uint32_t>(type->size);
  }
  const VmStructs::Field* body = structs.field("Symbol", "_body[0]");
  if (body == nullptr) body = structs.field("Symbol", "_body");
  if (body == nullptr) return missing(layout.version, "Symbol::_body");
  layout.symbol_body = static_cast<uint32_t>(body->offset);
  return std::nullopt;
}

// What HotSpot does not describe, by the release since which it is so, oldest first: compressed numbers
// (utilities/unsigned5.hpp), and the bytecode pointer in an interpreted frame (cpu/x86/frame_x86.hpp).
struct ReleaseRow {
  int since;
  bool numbers_without_zero;
  int interpreted_bcp;
};
constexpr ReleaseRow kReleases[] = {{8, false, -7}, {9, false, -8}, {20, true, -8}};

// Of things that JDKs describe in different ways, one is needed.
std::optional<Failure> check_alternatives(const Layout& layout) {
  bool heaps = layout.code_heaps != 0 && layout.array_data.exists() && layout.array_length.exists();
  if (!heaps && layout.code_heap == 0) return missing(layout.version, "CodeCache::_heaps");
  if (!layout.blob_code_begin.exists() && !layout.blob_code_offset.exists())
    return missing(layout.version, "CodeBlob::_code_begin");
  if (!layout.scopes_data_begin.exists() && !layout.scopes_data_offset.exists())
    return missing(layout.version, "nmethod::_scopes_data_offset");
  if (!layout.immutable_data.exists() && !layout.dependencies_offset.exists())
    return missing(layout.version, "nmethod::_dependencies_offset");
  bool metadata = layout.metadata_offset.exists() ||
                  (layout.blob_mutable_data.exists() && layout.blob_relocation_size.exists());
  if (!metadata) return missing(layout.version, "nmethod::_metadata_offset");
  return std::nullopt;
}

void fill_differences(Layout& layout, const VmStructs& structs) {
  if (layout.immutable_data.exists()) {
    layout.scopes_base = BlobBase::kImmutableData;
    layout.metadata_base = layout.metadata_offset.exists() ? BlobBase::kData : BlobBase::kMutableData;
  }
  for (const ReleaseRow& row : kReleases) {
    if (layout.version.feature < row.since) break;
    layout.numbers_without_zero = row.numbers_without_zero;
    layout.interpreted_bcp = row.interpreted_bcp;
  }
  for (const char* name :
       {"ConstMethod::_has_linenumber_table", "ConstMethodFlags::_misc_has_linenumber_table"}) {
    if (auto bit = structs.constant(name)) layout.has_line_numbers = static_cast<uint64_t>(*bit);
  }
}

bool take_number(std::string_view& text, int& number) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

}  // namespace

Result<Layout> layout_of(const VmStructs& structs, const JdkVersion& version) {
  Layout layout;
  layout.version = version;
  if (auto failure = fill_members(layout, structs)) return *failure;
  if (auto failure = fill_rest(layout, structs)) return *failure;
  if (auto failure = check_alternatives(layout)) return *failure;
  fill_differences(layout, structs);
  layout.objects = object_layout_of(structs);
  layout.threads = thread_layout_of(structs, version.feature);
  return layout;
}

std::optional<JdkVersion> parse_version(std::string_view vm_release) {
  int feature = 0;
  std::string_view rest = vm_release;
  if (!take_number(rest, feature) || feature <= 0) return std::nullopt;
  int update = 0;
  // Of HotSpot itself, before the two had one version: the updates of 8 are 25.20 and above.
  if (feature <= 25 && rest.starts_with('.')) {
    rest.remove_prefix(1);
    bool is_hotspot = take_number(rest, update) && rest.starts_with("-b") && rest.size() > 2 &&
                      rest[2] >= '0' && rest[2] <= '9';
    if (is_hotspot)
      return JdkVersion{feature == 25 ? 8 : 7, fmt::format("{}.0.{}", feature == 25 ? 8 : 7, update)};
  }
  return JdkVersion{feature, std::string(vm_release.substr(0, vm_release.find_first_of("+-")))};
}

std::optional<JdkVersion> version_of(const VmStructs& structs, const Memory& memory) {
  const VmStructs::Field* release = structs.field("Abstract_VM_Version", "_s_vm_release");
  if (release == nullptr) return std::nullopt;
  auto at = memory.pointer(release->address);
  if (!at || *at == 0) return std::nullopt;
  auto text = memory.c_string(*at);
  return text ? parse_version(*text) : std::nullopt;
}

}  // namespace rtprof::jvm
