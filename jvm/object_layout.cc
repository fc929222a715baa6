#include "jvm/object_layout.h"

#include <fmt/core.h>

namespace rtprof::jvm {
namespace {

using Row = MemberRow<ObjectLayout>;
using Static = StaticRow<ObjectLayout>;

constexpr Row kMembers[] = {
    {&ObjectLayout::klass_super, "Klass", "_super"},
    {&ObjectLayout::klass_check_offset, "Klass", "_super_check_offset"},
    {&ObjectLayout::klass_primary_supers, "Klass", "_primary_supers[0]"},
    {&ObjectLayout::klass_layout_helper, "Klass", "_layout_helper"},
    {&ObjectLayout::class_constants, "InstanceKlass", "_constants"},
    {&ObjectLayout::class_fields, "InstanceKlass", "_fields", false},
    {&ObjectLayout::class_field_count, "InstanceKlass", "_java_fields_count", false},
    {&ObjectLayout::class_field_stream, "InstanceKlass", "_fieldinfo_stream", false},
    {&ObjectLayout::class_methods, "InstanceKlass", "_methods", false},
    {&ObjectLayout::flag_name, "Flag", "_name", false},
    {&ObjectLayout::flag_name, "JVMFlag", "_name"},
    {&ObjectLayout::flag_value, "Flag", "_addr", false},
    {&ObjectLayout::flag_value, "JVMFlag", "_addr"},
};

constexpr Static kStatics[] = {
    {&ObjectLayout::narrow_oop_base, "Universe", "_narrow_oop._base", false},
    {&ObjectLayout::narrow_oop_base, "CompressedOops", "_narrow_oop._base", false},
    {&ObjectLayout::narrow_oop_base, "CompressedOops", "_base"},
    {&ObjectLayout::narrow_oop_shift, "Universe", "_narrow_oop._shift", false},
    {&ObjectLayout::narrow_oop_shift, "CompressedOops", "_narrow_oop._shift", false},
    {&ObjectLayout::narrow_oop_shift, "CompressedOops", "_shift"},
    {&ObjectLayout::narrow_klass_base, "Universe", "_narrow_klass._base", false},
    {&ObjectLayout::narrow_klass_base, "CompressedKlassPointers", "_narrow_klass._base", false},
    {&ObjectLayout::narrow_klass_base, "CompressedKlassPointers", "_base"},
    {&ObjectLayout::narrow_klass_shift, "Universe", "_narrow_klass._shift", false},
    {&ObjectLayout::narrow_klass_shift, "CompressedKlassPointers", "_narrow_klass._shift", false},
    {&ObjectLayout::narrow_klass_shift, "CompressedKlassPointers", "_shift"},
    {&ObjectLayout::flags, "Flag", "flags", false},
    {&ObjectLayout::flags, "JVMFlag", "flags"},
    {&ObjectLayout::flag_count, "Flag", "numFlags", false},
    {&ObjectLayout::flag_count, "JVMFlag", "numFlags"},
};

// The well-known classes, which JDKs list under different names.
struct ClassRow {
  Address ObjectLayout::*klass;
  const char* name;
};

constexpr ClassRow kClasses[] = {
    {&ObjectLayout::object_class, "Object"},
    {&ObjectLayout::string_class, "String"},
    {&ObjectLayout::thread_class, "Thread"},
};

void fill_classes(ObjectLayout& layout, const VmStructs& structs) {
  for (const ClassRow& row : kClasses) {
    std::string id = fmt::format("vmClassID::{}_klass_knum", row.name);
    const VmStructs::Field* field =
        structs.field("vmClasses", fmt::format("_klasses[static_cast<int>({})]", id));
    if (field == nullptr) {
      std::string old = fmt::format("_well_known_klasses[SystemDictionary::{}_klass_knum]", row.name);
      field = structs.field("SystemDictionary", old);
    }
    if (field != nullptr) layout.*row.klass = field->address;
    if (field == nullptr && layout.missing.empty())
      layout.missing = fmt::format("where the class {} is", row.name);
  }
}

void fill_rest(ObjectLayout& layout, const VmStructs& structs) {
  const VmStructs::Type* flag = structs.type("JVMFlag");
  if (flag == nullptr) flag = structs.type("Flag");
  if (flag != nullptr && flag->size <= kLargestStructure)
    layout.flag_bytes = static_cast<uint32_t>(flag->size);
  if (auto shift = structs.constant("markWord::klass_shift"); shift && *shift > 0 && *shift < 64)
    layout.klass_shift_in_mark = static_cast<uint32_t>(*shift);
  layout.z = z_layout_of(structs, "Z");
  layout.x = z_layout_of(structs, "X");
}

}  // namespace

ObjectLayout object_layout_of(const VmStructs& structs) {
  ObjectLayout layout;
  fill<ObjectLayout>(layout, structs, kMembers);
  fill<ObjectLayout>(layout, structs, kStatics);
  if (const Row* row = missing_row<ObjectLayout>(layout, kMembers))
    layout.missing = fmt::format("{}::{}", row->structure, row->field);
  if (const Static* row = missing_row<ObjectLayout>(layout, kStatics))
    layout.missing = fmt::format("{}::{}", row->structure, row->field);
  bool has_fields = layout.class_field_stream.exists() ||
                    (layout.class_fields.exists() && layout.class_field_count.exists());
  if (!has_fields) layout.missing = "InstanceKlass::_fieldinfo_stream";
  fill_classes(layout, structs);
  fill_rest(layout, structs);
  return layout;
}

}  // namespace rtprof::jvm
