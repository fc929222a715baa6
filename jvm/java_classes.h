#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/process/memory.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

// What a Klass is.
struct JavaClass {
  Address klass = 0;
  std::string name;  // "java/util/Map$Entry", "[B"
  Address super = 0;
  uint32_t check_offset = 0;  // where its subclasses have a pointer to it
  int32_t shape = 0;          // Klass::_layout_helper

  // The fields that it declares, once one was asked for.
  struct Field {
    uint32_t offset = 0;  // in the object; of a static field, in the class's mirror
    bool is_static = false;
  };
  std::optional<std::map<std::string, Field, std::less<>>> fields;

  // Bytes of an object that is no array.
  uint32_t object_bytes() const { return shape > 0 ? static_cast<uint32_t>(shape) & ~uint32_t{7} : 0; }
  // Of arrays of numbers (oops/klass.hpp, "layout helper"): where the elements begin, and their BasicType.
  bool is_number_array() const { return shape < 0 && shape >> 30 == -1; }
  uint32_t array_begin() const { return static_cast<uint32_t>(shape) >> 16 & 0xff; }
  uint8_t element_type() const { return static_cast<uint32_t>(shape) >> 8 & 0xff; }
};

// The classes of a target by address, as they were when they were first asked for: those of the boot class
// loader stay what they are, others can be unloaded, and forget() is for these.
class JavaClasses {
 public:
  // Both outlive this.
  JavaClasses(const Memory& memory, const Layout& layout) : memory_(memory), layout_(layout) {}

  // Null when there is no Klass, or it cannot be read. Valid until forget().
  JavaClass* find(Address klass);
  // A well-known class, by the variable that points to it.
  JavaClass* known(Address variable);

  // A class itself or the nearest of its superclasses with a name, "java/lang/Thread"; null when there is
  // none.
  JavaClass* called(JavaClass& java_class, std::string_view name);
  // One that a class or a superclass of it declares; null when there is none, or it cannot be read.
  const JavaClass::Field* field(JavaClass& java_class, std::string_view name);
  // Whether a class is another or a subclass of it. Not of interfaces.
  bool is_subclass(const JavaClass& java_class, const JavaClass& of) const;

  void forget() { classes_.clear(); }

 private:
  std::optional<JavaClass> read(Address klass);
  bool read_fields(JavaClass& java_class);
  std::optional<std::vector<uint8_t>> array(Address array, size_t element_bytes) const;

  const Memory& memory_;
  const Layout& layout_;
  std::unordered_map<Address, std::optional<JavaClass>> classes_;
};

}  // namespace rtprof::jvm
