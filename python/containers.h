#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/process/memory.h"
#include "python/layout.h"

namespace rtprof {

// What a type object says of its instances.
struct TypeInfo {
  // Of tp_flags: Include/object.h.
  static constexpr uint64_t kInlineValues = 1 << 2;
  static constexpr uint64_t kManagedDict = 1 << 4;
  static constexpr uint64_t kHeapType = 1 << 9;  // made at run time
  static constexpr uint64_t kLong = 1 << 24;     // it, or a type derived from it
  static constexpr uint64_t kList = 1 << 25;
  static constexpr uint64_t kTuple = 1 << 26;
  static constexpr uint64_t kBytes = 1 << 27;
  static constexpr uint64_t kString = 1 << 28;
  static constexpr uint64_t kDict = 1 << 29;
  static constexpr uint64_t kType = uint64_t{1} << 31;

  Address address = 0;
  std::string name;  // tp_name: without its module when the type was made by a class statement
  uint64_t flags = 0;
  uint64_t basic_size = 0;
  int64_t dict_offset = 0;

  bool is(uint64_t flag) const { return (flags & flag) != 0; }
  // The built-in type of that name itself, and no type derived from it.
  bool is_exactly(std::string_view builtin) const { return !is(kHeapType) && name == builtin; }
};

// Reads the interpreter's containers and the attributes of objects from outside: over memory that need not
// make sense, so every length is bounded and every pointer may lead anywhere. Nothing is what can not be
// read, or is no such object. The reader remembers types for as long as it lives.
class Containers {
 public:
  Containers(const Memory& memory, const PythonLayout& layout) : memory_(memory), layout_(layout) {}

  const Memory& memory() const { return memory_; }
  const PythonLayout& layout() const { return layout_; }

  // Null when the object or its type is not readable. The pointer holds until forget_types().
  const TypeInfo* type_of(Address object);
  const TypeInfo* type_at(Address type);
  void forget_types() { types_.clear(); }

  struct Item {
    Address key = 0;
    Address value = 0;
  };
  // Of a dict, in the order in which they were inserted; the first `limit` of them. Of a set, in no order,
  // the key alone.
  struct Items {
    uint64_t length = 0;  // of the whole
    std::vector<Item> first;
  };
  std::optional<Items> dict(Address object, size_t limit);
  std::optional<Items> set(Address object, size_t limit);
  // The elements of a list or a tuple.
  struct Elements {
    uint64_t length = 0;
    std::vector<Address> first;
  };
  std::optional<Elements> list(Address object, size_t limit);
  std::optional<Elements> tuple(Address object, size_t limit);

  // The value of a str key; nothing when it is not among the first `limit` items.
  std::optional<Address> find(Address dict, std::string_view key, size_t limit = 1 << 16);
  // An attribute that the object itself has (no property, nothing of its class), in whichever way its type
  // keeps them.
  std::optional<Address> attribute(Address object, std::string_view name);

  // An int that fits.
  std::optional<int64_t> integer(Address object) const;
  // Whether `object` is a str with this text, which is ASCII.
  bool string_is(Address object, std::string_view text) const;

 private:
  struct Keys {
    Address entries = 0;
    uint64_t count = 0;  // entries in use
    bool hashed = true;  // an entry is hash, key and value; else key and value
  };

  template <typename T>
  std::optional<T> field(Address object, uint16_t offset) const {
    return offset == kNoOffset ? std::nullopt : memory_.get<T>(object + offset);
  }
  std::optional<Keys> keys_at(Address address) const;
  std::vector<Item> entries_of(const Keys& keys, size_t limit) const;
  std::optional<Address> find_key(const Keys& keys, std::string_view key, size_t limit,
                                  uint64_t& index) const;
  std::optional<Address> shared_key_value(const TypeInfo& type, Address values, std::string_view name) const;
  std::optional<Address> managed_attribute(const TypeInfo& type, Address object, std::string_view name);
  std::optional<Elements> elements(Address start, uint64_t length, size_t limit) const;

  const Memory& memory_;
  const PythonLayout layout_;
  std::unordered_map<Address, TypeInfo> types_;
};

}  // namespace rtprof
