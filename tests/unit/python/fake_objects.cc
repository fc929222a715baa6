#include "tests/unit/python/fake_objects.h"

#include <bit>
#include <cstring>

namespace rtprof::test {
namespace {

constexpr size_t kTypeBytes = 1024;
constexpr uint64_t kSlots = 64;  // of a hash table

}  // namespace

Address FakeObjects::allocate(size_t size) {
  // Room in front for what lies before an object: its GC header, and pointers to its attributes.
  constexpr size_t kFront = 64;
  Address start = next_;
  memory_.map(start, kFront + size);
  next_ += (kFront + size + 63) / 16 * 16;
  return start + kFront;
}

Address FakeObjects::type(std::string_view name, uint64_t flags) {
  auto [known, is_new] = types_.try_emplace(std::string(name), 0);
  if (!is_new) return known->second;
  Address text = allocate(256);
  memory_.put(text, name);
  Address at = allocate(kTypeBytes);
  memory_.set<uint64_t>(at + layout_.container.type_name, text);
  memory_.set<uint64_t>(at + layout_.container.type_flags, flags);
  memory_.set<uint64_t>(at + layout_.container.type_basic_size, layout_.container.object_size);
  return known->second = at;
}

Address FakeObjects::make(std::string_view type_name, uint64_t flags, size_t size) {
  Address at = allocate(size);
  memory_.set<uint64_t>(at + layout_.walk.object_type, type(type_name, flags));
  return at;
}

Address FakeObjects::object_of(std::string_view builtin_type, size_t size) {
  return make(builtin_type, 0, size);
}

Address FakeObjects::string(std::string_view ascii) {
  const StringLayout& string = layout_.string;
  Address at = make("str", TypeInfo::kString, string.ascii_size + ascii.size() + 1);
  memory_.set<uint64_t>(at + string.length, ascii.size());
  memory_.set<uint32_t>(at + string.state, (1U | 8 | 16) << string.kind_shift);
  memory_.put(at + string.ascii_size, ascii);
  return at;
}

Address FakeObjects::wide_string(const std::vector<uint16_t>& characters) {
  const StringLayout& string = layout_.string;
  Address at = make("str", TypeInfo::kString, string.compact_size + (characters.size() + 1) * 2);
  memory_.set<uint64_t>(at + string.length, characters.size());
  memory_.set<uint32_t>(at + string.state, (2U | 8) << string.kind_shift);
  for (size_t i = 0; i < characters.size(); ++i)
    memory_.set<uint16_t>(at + string.compact_size + i * 2, characters[i]);
  return at;
}

Address FakeObjects::bytes(std::string_view content) {
  Address at = make("bytes", TypeInfo::kBytes, layout_.bytes.data + content.size() + 1);
  memory_.set<uint64_t>(at + layout_.bytes.length, content.size());
  memory_.put(at + layout_.bytes.data, content);
  return at;
}

Address FakeObjects::integer(const std::vector<uint32_t>& digits, bool negative) {
  const ContainerLayout& container = layout_.container;
  Address at = make("int", TypeInfo::kLong, container.long_digits + digits.size() * 4 + 4);
  auto count = static_cast<int64_t>(digits.size());
  int64_t sign = negative ? 2 : count == 0 ? 1 : 0;
  int64_t word = container.long_is_tagged ? count << 3 | sign : negative ? -count : count;
  memory_.set<int64_t>(at + container.long_value, word);
  for (size_t i = 0; i < digits.size(); ++i)
    memory_.set<uint32_t>(at + container.long_digits + i * 4, digits[i]);
  return at;
}

Address FakeObjects::integer(int64_t value) {
  std::vector<uint32_t> digits;
  for (uint64_t rest = static_cast<uint64_t>(value < 0 ? -value : value); rest != 0; rest >>= 30)
    digits.push_back(rest & 0x3fffffff);
  return integer(digits, value < 0);
}

Address FakeObjects::boolean(bool value) {
  Address at = integer(value ? 1 : 0);
  memory_.set<uint64_t>(at + layout_.walk.object_type, type("bool", TypeInfo::kLong));
  return at;
}

Address FakeObjects::real(double value) {
  Address at = make("float", 0, layout_.container.float_value + sizeof value);
  memory_.set<double>(at + layout_.container.float_value, value);
  return at;
}

Address FakeObjects::none() {
  return make("NoneType", 0, layout_.container.object_size);
}

Address FakeObjects::list(const std::vector<Address>& elements) {
  Address at = make("list", TypeInfo::kList, layout_.container.list_items + 16);
  Address items = allocate(elements.size() * sizeof(Address) + 1);
  memory_.set<uint64_t>(at + layout_.container.size, elements.size());
  memory_.set<uint64_t>(at + layout_.container.list_items, items);
  for (size_t i = 0; i < elements.size(); ++i) memory_.set(items + i * sizeof(Address), elements[i]);
  return at;
}

Address FakeObjects::tuple(const std::vector<Address>& elements) {
  Address items = layout_.container.tuple_items;
  Address at = make("tuple", TypeInfo::kTuple, items + elements.size() * sizeof(Address));
  memory_.set<uint64_t>(at + layout_.container.size, elements.size());
  for (size_t i = 0; i < elements.size(); ++i) memory_.set(at + items + i * sizeof(Address), elements[i]);
  return at;
}

Address FakeObjects::keys(const Pairs& items, bool hashed) {
  const DictKeysLayout& keys = layout_.dict_keys;
  bool always_hashed = keys.kind == kNoOffset;
  size_t words = hashed || always_hashed ? 3 : 2;
  Address at = allocate(keys.indices + kSlots + items.size() * words * sizeof(Address) + 8);
  if (always_hashed) memory_.set<uint64_t>(at + keys.slots, kSlots);
  if (!always_hashed) {
    memory_.set<uint8_t>(at + keys.log2_index_bytes, std::countr_zero(kSlots));
    memory_.set<uint8_t>(at + keys.kind, hashed ? 0 : 1);
  }
  memory_.set<uint64_t>(at + keys.entries, items.size());
  Address entry = at + keys.indices + kSlots;
  for (const auto& [key, value] : items) {
    memory_.set(entry + (words - 2) * sizeof(Address), key);
    memory_.set(entry + (words - 1) * sizeof(Address), value);
    entry += words * sizeof(Address);
  }
  return at;
}

Address FakeObjects::dict_object(Address keys, Address values, size_t used) {
  Address at = make("dict", TypeInfo::kDict, layout_.container.dict_values + 8);
  memory_.set<uint64_t>(at + layout_.container.dict_used, used);
  memory_.set(at + layout_.container.dict_keys, keys);
  memory_.set(at + layout_.container.dict_values, values);
  return at;
}

Address FakeObjects::dict(const Pairs& items, bool hashed) {
  size_t used = 0;
  for (const auto& item : items) used += item.second != 0 ? 1 : 0;
  return dict_object(keys(items, hashed), 0, used);
}

void FakeObjects::values_at(Address start, const Pairs& items) {
  if (layout_.attributes.values_valid != kNoOffset)
    memory_.set<uint8_t>(start + layout_.attributes.values_valid, 1);
  Address value = start + layout_.attributes.values_start;
  for (size_t i = 0; i < items.size(); ++i) memory_.set(value + i * sizeof(Address), items[i].second);
}

Address FakeObjects::split_dict(const Pairs& items) {
  Pairs without_values = items;
  for (auto& item : without_values) item.second = 0xdead;
  Address values = allocate(16 + items.size() * sizeof(Address));
  values_at(values, items);
  return dict_object(keys(without_values, false), values, items.size());
}

Address FakeObjects::set(const std::vector<Address>& keys) {
  Address at = make("set", 0, layout_.container.set_table + 8);
  Address table = allocate(kSlots * 16);
  memory_.set<uint64_t>(at + layout_.container.set_used, keys.size());
  memory_.set<uint64_t>(at + layout_.container.set_mask, kSlots - 1);
  memory_.set(at + layout_.container.set_table, table);
  // A deleted one first.
  memory_.set<Address>(table, 0x1234);
  memory_.set<int64_t>(table + 8, -1);
  for (size_t i = 0; i < keys.size(); ++i) {
    memory_.set(table + (2 * i + 1) * 16, keys[i]);
    memory_.set<int64_t>(table + (2 * i + 1) * 16 + 8, 77);
  }
  return at;
}

Address FakeObjects::cell(Address value) {
  Address at = make("cell", 0, layout_.container.cell_value + 8);
  memory_.set(at + layout_.container.cell_value, value);
  return at;
}

Address FakeObjects::instance(const std::string& type_name,
                              const std::vector<std::pair<std::string, Address>>& attributes, Place place,
                              std::string_view module) {
  const AttributesLayout& layout = layout_.attributes;
  bool managed = layout.dict != 0;
  uint64_t flags = TypeInfo::kHeapType;
  if (managed) flags |= TypeInfo::kManagedDict;
  if (layout.values_in_object) flags |= TypeInfo::kInlineValues;
  uint16_t object_size = layout_.container.object_size;
  Address at = make(type_name, flags, object_size + 16 + attributes.size() * sizeof(Address));
  Address its_type = type(type_name, flags);
  Pairs items;
  for (const auto& [name, value] : attributes) items.emplace_back(string(name), value);
  memory_.set(its_type + layout_.container.type_cached_keys, keys(items, false));
  memory_.set(its_type + layout_.container.type_qualname, string(type_name));
  memory_.set(its_type + layout_.container.type_dict, dict({{string("__module__"), string(module)}}));
  auto set_before = [&](int16_t offset, Address value) {
    memory_.set(at + static_cast<Address>(int64_t{offset}), value);
  };
  if (!managed) {
    memory_.set<int64_t>(its_type + layout_.container.type_dict_offset, object_size);
    memory_.set(at + object_size, place == Place::kDict ? dict(items) : split_dict(items));
  } else if (place == Place::kDict) {
    set_before(layout.dict, dict(items));
  } else if (layout.values_in_object) {
    values_at(at + object_size, items);
  } else {
    Address values = allocate(16 + items.size() * sizeof(Address));
    values_at(values, items);
    set_before(layout.values != 0 ? layout.values : layout.dict, layout.dict_or_values ? values - 1 : values);
  }
  return at;
}

}  // namespace rtprof::test
