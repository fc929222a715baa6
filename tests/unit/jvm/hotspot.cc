#include "tests/unit/jvm/hotspot.h"

#include <cstdlib>

namespace rtprof::test {
namespace {

struct Row {
  const char* structure;
  const char* field;
  const char* type;
  uint64_t offset;
};

constexpr Row kRows[] = {
    {"GrowableArrayBase", "_len", "int", 0},
    {"GrowableArray<int>", "_data", "int*", 8},
    {"CodeHeap", "_memory", "VirtualSpace", 0},
    {"CodeHeap", "_segmap", "VirtualSpace", 64},
    {"CodeHeap", "_log2_segment_size", "int", 128},
    {"VirtualSpace", "_low_boundary", "char*", 0},
    {"VirtualSpace", "_high_boundary", "char*", 8},
    {"VirtualSpace", "_low", "char*", 16},
    {"VirtualSpace", "_high", "char*", 24},
    {"HeapBlock::Header", "_length", "size_t", 0},
    {"HeapBlock::Header", "_used", "bool", 8},
    {"CodeBlob", "_name", "const char*", 8},
    {"CodeBlob", "_size", "int", 16},
    {"CodeBlob", "_frame_size", "int", 20},
    {"CodeBlob", "_frame_complete_offset", "int", 24},
    {"CodeBlob", "_data_offset", "int", 28},
    {"CodeBlob", "_code_begin", "address", 32},
    {"CodeBlob", "_code_end", "address", 40},
    {"CompiledMethod", "_method", "Method*", 48},
    {"CompiledMethod", "_scopes_data_begin", "address", 56},
    {"CompiledMethod", "_deopt_handler_begin", "address", 64},
    {"nmethod", "_compile_id", "int", 72},
    {"nmethod", "_comp_level", "int", 76},
    {"nmethod", "_orig_pc_offset", "int", 80},
    {"nmethod", "_scopes_pcs_offset", "int", 88},
    {"nmethod", "_dependencies_offset", "int", 92},
    {"nmethod", "_metadata_offset", "int", 96},
    {"PcDesc", "_pc_offset", "int", 0},
    {"PcDesc", "_scope_decode_offset", "int", 4},
    {"Method", "_constMethod", "ConstMethod*", 8},
    {"ConstMethod", "_constants", "ConstantPool*", 8},
    {"ConstMethod", "_flags", "u2", 16},
    {"ConstMethod", "_code_size", "u2", 18},
    {"ConstMethod", "_name_index", "u2", 20},
    {"ConstMethod", "_signature_index", "u2", 22},
    {"ConstantPool", "_tags", "Array<u1>*", 8},
    {"ConstantPool", "_pool_holder", "InstanceKlass*", 16},
    {"ConstantPool", "_length", "int", 24},
    {"Klass", "_name", "Symbol*", 24},
    {"Symbol", "_length", "u2", 4},
    {"Symbol", "_body[0]", "u1", 6},
    {"JavaCallWrapper", "_anchor", "JavaFrameAnchor", 32},
    {"JavaFrameAnchor", "_last_Java_sp", "intptr_t*", 0},
};

}  // namespace

jvm::VmStructs hotspot_17() {
  jvm::VmStructs structs;
  for (const Row& row : kRows) structs.add_field(row.structure, row.field, {row.type, row.offset, 0});
  structs.add_field("CodeCache", "_heaps", {"GrowableArray<CodeHeap*>*", 0, 0x100});
  structs.add_field("StubRoutines", "_call_stub_return_address", {"address", 0, 0x110});
  structs.add_type("HeapBlock", {16, false});
  structs.add_type("nmethod", {128, false});
  structs.add_type("PcDesc", {16, false});
  structs.add_type("ConstantPool", {32, false});
  structs.add_type("ConstMethod", {32, false});
  structs.add_constant("ConstMethod::_has_linenumber_table", 1);
  return structs;
}

jvm::Layout hotspot_17_layout() {
  auto layout = jvm::layout_of(hotspot_17(), {17, "17.0.1"});
  if (!layout) std::abort();
  return *layout;
}

}  // namespace rtprof::test
