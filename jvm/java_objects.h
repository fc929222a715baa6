#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/process/memory.h"
#include "jvm/java_classes.h"
#include "jvm/layout.h"
#include "jvm/object_model.h"

namespace rtprof::jvm {

// An object as it was when it was read.
struct JavaObject {
  Address address = 0;
  JavaClass* of = nullptr;     // its class
  std::vector<uint8_t> bytes;  // header and fields; of an array none
};

// Java objects of a target, read from outside while it runs. A collector may move an object or reuse its
// place at any time. So an object is read in one piece and has to be of a class; what is read of it is for
// the caller to judge by that class. What cannot be read is nothing, never a guess. Where the collector has
// left word of where it moved an object to, that is followed.
class JavaObjects {
 public:
  // Both outlive this. `memory` may be a PageCache: many objects lie close together.
  JavaObjects(const Memory& memory, const Layout& layout)
      : memory_(memory), layout_(layout), classes_(memory, layout) {}

  // Before objects are read: looks at how this JVM keeps references, which a collection can change, and
  // forgets classes. Fails when objects of this JVM cannot be read.
  std::optional<Failure> begin();

  // The object at an address; nothing when there is none.
  std::optional<JavaObject> object(Address address);
  // The address of the object that a reference of 8 bytes leads to; 0 for null.
  Address referred(uint64_t value) const;
  // Where ZGC may have moved an object to that was at an address. For addresses on stacks, which have no
  // colour to tell whether they are older than a move: there can be another object now.
  std::vector<Address> moved_from(Address address) const;
  // What referred() gives of an OopHandle's slot, at an address.
  std::optional<Address> root(Address slot) const;
  // Of a field, which class `of` or one of its superclasses declares: the address of the object that it leads
  // to; 0 for null. `of` is the object's class or a superclass: subclasses may have fields of the same name.
  std::optional<Address> reference(const JavaObject& object, JavaClass& of, std::string_view field);
  std::optional<Address> reference(const JavaObject& object, std::string_view field) {
    return reference(object, *object.of, field);
  }
  // Of a field of this type: int32_t, uint8_t for a boolean or a byte.
  template <typename T>
  std::optional<T> number(const JavaObject& object, JavaClass& of, std::string_view field) {
    return value<T>(object, instance_field(of, field));
  }
  template <typename T>
  std::optional<T> number(const JavaObject& object, std::string_view field) {
    return number<T>(object, *object.of, field);
  }
  // Whether it is of a class or a subclass of it.
  bool is(const JavaObject& object, const JavaClass* of) const {
    return of != nullptr && classes_.is_subclass(*object.of, *of);
  }
  // The text of a java.lang.String as UTF-8, cut at 1,024 characters; nothing when there is no String.
  std::optional<std::string> string(Address address);

  JavaClasses& classes() { return classes_; }
  const ObjectModel& model() const { return *model_; }

 private:
  std::optional<ObjectHeader> header(Address address) const { return memory_.get<ObjectHeader>(address); }
  std::optional<uint32_t> instance_field(JavaClass& of, std::string_view field);
  std::optional<std::vector<uint8_t>> characters(const JavaObject& array) const;

  template <typename T>
  static std::optional<T> value(const JavaObject& object, std::optional<uint32_t> offset) {
    if (!offset || object.bytes.size() < sizeof(T) || *offset > object.bytes.size() - sizeof(T))
      return std::nullopt;
    T value;
    __builtin_memcpy(&value, object.bytes.data() + *offset, sizeof value);
    return value;
  }

  const Memory& memory_;
  const Layout& layout_;
  JavaClasses classes_;
  std::optional<ObjectModel> model_;
  std::optional<ZRelocations> relocations_;
};

}  // namespace rtprof::jvm
