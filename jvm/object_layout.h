#pragma once

#include <cstdint>
#include <string>

#include "common/process/memory.h"
#include "jvm/member.h"
#include "jvm/vm_structs.h"
#include "jvm/z_layout.h"

namespace rtprof::jvm {

// Where things are that lead to Java objects and to what is in them. What a JDK has in another way than
// others, or not at all, is 0.
struct ObjectLayout {
  std::string missing;  // what HotSpot does not describe of that which is needed; empty: nothing

  uint32_t klass_shift_in_mark = 0;  // where an object's class is in its mark word, with compact headers
  Member klass_super, klass_check_offset, klass_primary_supers, klass_layout_helper;

  Member class_constants;  // InstanceKlass::_constants
  Member class_methods;    // an Array<Method*>
  // Its fields, until 20: an Array<u2> with so many of the class's own in front.
  Member class_fields, class_field_count;
  Member class_field_stream;  // from 21 on: an Array<u1>

  // Variables.
  Address narrow_oop_base = 0, narrow_oop_shift = 0;
  Address narrow_klass_base = 0, narrow_klass_shift = 0;
  Address object_class = 0, string_class = 0, thread_class = 0;  // Klass*

  // JVMFlag[], Flag[] on JDK 8.
  Address flags = 0, flag_count = 0;
  uint32_t flag_bytes = 0;
  Member flag_name, flag_value;

  ZLayout z;
  ZLayout x;  // 21 to 23: of the ZGC without generations beside the other
};

ObjectLayout object_layout_of(const VmStructs& structs);

}  // namespace rtprof::jvm
