#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "python/containers.h"
#include "tests/unit/python/fake_python.h"

namespace rtprof::test {

// Values of a CPython build in made-up memory, beside what a FakePython makes.
class FakeObjects {
 public:
  FakeObjects(FakeMemory& memory, Build build)
      : memory_(memory), layout_(FakePython(memory, build).layout()) {}

  const PythonLayout& layout() const { return layout_; }

  Address string(std::string_view ascii);
  Address wide_string(const std::vector<uint16_t>& characters);
  Address bytes(std::string_view content);
  // Digits of 30 bits, the least first.
  Address integer(const std::vector<uint32_t>& digits, bool negative = false);
  Address integer(int64_t value);
  Address boolean(bool value);
  Address real(double value);
  Address none();
  Address list(const std::vector<Address>& elements);
  Address tuple(const std::vector<Address>& elements);
  using Pairs = std::vector<std::pair<Address, Address>>;  // a value of 0: deleted
  // `hashed`: with the entries of a dict whose keys are not all str.
  Address dict(const Pairs& items, bool hashed = false);
  // A dict that shares its keys with others.
  Address split_dict(const Pairs& items);
  Address set(const std::vector<Address>& keys);
  Address cell(Address value);

  // Where an object's attributes can be.
  enum class Place { kDict, kWithoutDict };
  // An object of a class of the program. kWithoutDict: in the way in which its interpreter keeps attributes
  // without a dict; in a dict before 3.11, which always has one.
  Address instance(const std::string& type, const std::vector<std::pair<std::string, Address>>& attributes,
                   Place place, std::string_view module = "app");
  Address object_of(std::string_view builtin_type, size_t size = 64);

 private:
  Address allocate(size_t size);
  Address make(std::string_view type, uint64_t flags, size_t size);
  Address type(std::string_view name, uint64_t flags);
  Address keys(const Pairs& items, bool hashed);
  Address dict_object(Address keys, Address values, size_t used);
  void values_at(Address start, const Pairs& items);

  FakeMemory& memory_;
  PythonLayout layout_;
  Address next_ = 0x550000000000;
  std::unordered_map<std::string, Address> types_;
};

}  // namespace rtprof::test
