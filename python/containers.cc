#include "python/containers.h"

#include <algorithm>
#include <array>

#include "python/objects.h"

namespace rtprof {
namespace {

// Against garbage: more than any real container has.
constexpr uint64_t kMostElements = uint64_t{1} << 40;
constexpr uint64_t kMostSlots = uint64_t{1} << 40;
constexpr size_t kMostTypes = 1 << 16;
constexpr size_t kLongestTypeName = 200;

}  // namespace

const TypeInfo* Containers::type_of(Address object) {
  if (object == 0) return nullptr;
  auto type = memory_.pointer(object + layout_.walk.object_type);
  return type ? type_at(*type) : nullptr;
}

const TypeInfo* Containers::type_at(Address type) {
  if (auto known = types_.find(type); known != types_.end()) return &known->second;
  const ContainerLayout& layout = layout_.container;
  auto name_at = field<Address>(type, layout.type_name);
  auto flags = field<uint64_t>(type, layout.type_flags);
  auto basic_size = field<uint64_t>(type, layout.type_basic_size);
  auto dict_offset = field<int64_t>(type, layout.type_dict_offset);
  if (!name_at || !flags || !basic_size || !dict_offset) return nullptr;
  auto name = memory_.c_string(*name_at, kLongestTypeName);
  if (!name) return nullptr;
  if (types_.size() >= kMostTypes) types_.clear();
  TypeInfo info{type, *name, *flags, *basic_size, *dict_offset};
  return &types_.emplace(type, std::move(info)).first->second;
}

std::optional<Containers::Keys> Containers::keys_at(Address address) const {
  const DictKeysLayout& layout = layout_.dict_keys;
  auto count = field<uint64_t>(address, layout.entries);
  if (address == 0 || !count || *count > kMostElements) return std::nullopt;
  Keys keys;
  keys.count = *count;
  uint64_t index_bytes = 0;
  if (layout.slots != kNoOffset) {
    auto slots = field<uint64_t>(address, layout.slots);
    if (!slots || *slots > kMostSlots) return std::nullopt;
    uint64_t width = *slots <= UINT8_MAX ? 1 : *slots <= UINT16_MAX ? 2 : *slots <= UINT32_MAX ? 4 : 8;
    index_bytes = *slots * width;
  } else {
    auto log2_bytes = field<uint8_t>(address, layout.log2_index_bytes);
    auto kind = field<uint8_t>(address, layout.kind);
    if (!log2_bytes || !kind || *log2_bytes > 43) return std::nullopt;
    index_bytes = uint64_t{1} << *log2_bytes;
    keys.hashed = *kind == 0;
  }
  keys.entries = address + layout.indices + index_bytes;
  return keys;
}

std::vector<Containers::Item> Containers::entries_of(const Keys& keys, size_t limit) const {
  size_t words = keys.hashed ? 3 : 2;
  size_t count = std::min<uint64_t>(keys.count, limit);
  std::vector<Address> raw(count * words);
  if (count == 0 || !memory_.read(keys.entries, raw.data(), raw.size() * sizeof(Address))) return {};
  std::vector<Item> items;
  items.reserve(count);
  for (size_t at = 0; at < raw.size(); at += words)
    items.push_back({raw[at + words - 2], raw[at + words - 1]});
  return items;
}

std::optional<Containers::Items> Containers::dict(Address object, size_t limit) {
  const ContainerLayout& layout = layout_.container;
  auto used = field<uint64_t>(object, layout.dict_used);
  auto keys_address = field<Address>(object, layout.dict_keys);
  auto values = field<Address>(object, layout.dict_values);
  if (!used || !keys_address || !values || *used > kMostElements) return std::nullopt;
  auto keys = keys_at(*keys_address);
  if (!keys) return std::nullopt;
  Items items{*used, {}};
  // Entries of what was deleted are in between, and are empty.
  constexpr size_t kMostDeleted = 1024;
  std::vector<Item> entries = entries_of(*keys, limit + kMostDeleted);
  for (size_t i = 0; i < entries.size() && items.first.size() < limit; ++i) {
    Item item = entries[i];
    // A split table: the values are in an array of their own, those in the entries mean nothing.
    if (*values != 0)
      item.value =
          memory_.pointer(*values + layout_.attributes.values_start + i * sizeof(Address)).value_or(0);
    if (item.key != 0 && item.value != 0) items.first.push_back(item);
  }
  return items;
}

// setentry, Include/cpython/setobject.h: a key and its hash; a deleted one has the hash -1, which no key has.
std::optional<Containers::Items> Containers::set(Address object, size_t limit) {
  constexpr size_t kSlotsAtOnce = 64;
  const ContainerLayout& layout = layout_.container;
  auto used = field<uint64_t>(object, layout.set_used);
  auto mask = field<uint64_t>(object, layout.set_mask);
  auto table = field<Address>(object, layout.set_table);
  if (!used || !mask || !table || *used > kMostElements || *mask >= kMostSlots) return std::nullopt;
  struct Slot {
    Address key;
    int64_t hash;
  };
  std::array<Slot, kSlotsAtOnce> slots;
  Items items{*used, {}};
  // A table is at least a fifth full, unless most of it was deleted.
  uint64_t most = std::min<uint64_t>(*mask + 1, (limit + 1) * kSlotsAtOnce);
  for (uint64_t at = 0; at < most && items.first.size() < std::min<uint64_t>(limit, *used);
       at += kSlotsAtOnce) {
    size_t count = std::min<uint64_t>(kSlotsAtOnce, most - at);
    if (!memory_.read(*table + at * sizeof(Slot), slots.data(), count * sizeof(Slot))) break;
    for (size_t i = 0; i < count && items.first.size() < limit; ++i) {
      if (slots[i].key != 0 && slots[i].hash != -1) items.first.push_back({slots[i].key, 0});
    }
  }
  return items;
}

std::optional<Containers::Elements> Containers::elements(Address start, uint64_t length, size_t limit) const {
  if (length > kMostElements) return std::nullopt;
  Elements elements{length, std::vector<Address>(std::min<uint64_t>(length, limit))};
  if (!elements.first.empty() &&
      !memory_.read(start, elements.first.data(), elements.first.size() * sizeof(Address)))
    return std::nullopt;
  return elements;
}

std::optional<Containers::Elements> Containers::list(Address object, size_t limit) {
  auto length = field<uint64_t>(object, layout_.container.size);
  auto start = field<Address>(object, layout_.container.list_items);
  return length && start ? elements(*start, *length, limit) : std::nullopt;
}

std::optional<Containers::Elements> Containers::tuple(Address object, size_t limit) {
  auto length = field<uint64_t>(object, layout_.container.size);
  return length ? elements(object + layout_.container.tuple_items, *length, limit) : std::nullopt;
}

bool Containers::string_is(Address object, std::string_view text) const {
  auto length = field<uint64_t>(object, layout_.string.length);
  return length && *length == text.size() && read_string(memory_, layout_, object, text.size() * 4) == text;
}

std::optional<Address> Containers::find_key(const Keys& keys, std::string_view key, size_t limit,
                                            uint64_t& index) const {
  std::vector<Item> entries = entries_of(keys, limit);
  for (index = 0; index < entries.size(); ++index) {
    if (entries[index].key != 0 && string_is(entries[index].key, key)) return entries[index].value;
  }
  return std::nullopt;
}

std::optional<Address> Containers::find(Address dict, std::string_view key, size_t limit) {
  auto keys_address = field<Address>(dict, layout_.container.dict_keys);
  auto values = field<Address>(dict, layout_.container.dict_values);
  auto keys = keys_address && values ? keys_at(*keys_address) : std::nullopt;
  if (!keys) return std::nullopt;
  uint64_t index = 0;
  auto value = find_key(*keys, key, limit, index);
  if (value && *values != 0)
    value = memory_.pointer(*values + layout_.attributes.values_start + index * sizeof(Address));
  return value && *value != 0 ? value : std::nullopt;
}

std::optional<Address> Containers::shared_key_value(const TypeInfo& type, Address values,
                                                    std::string_view name) const {
  constexpr size_t kMostSharedKeys = 256;
  if (!type.is(TypeInfo::kHeapType)) return std::nullopt;
  auto keys_address = field<Address>(type.address, layout_.container.type_cached_keys);
  auto keys = keys_address ? keys_at(*keys_address) : std::nullopt;
  uint64_t index = 0;
  if (!keys || !find_key(*keys, name, kMostSharedKeys, index)) return std::nullopt;
  auto value = memory_.pointer(values + layout_.attributes.values_start + index * sizeof(Address));
  return value && *value != 0 ? value : std::nullopt;
}

std::optional<Address> Containers::managed_attribute(const TypeInfo& type, Address object,
                                                     std::string_view name) {
  const AttributesLayout& layout = layout_.attributes;
  auto at = [&](int16_t offset) { return memory_.pointer(object + static_cast<Address>(int64_t{offset})); };
  if (layout.values != 0) {
    auto values = at(layout.values);
    if (values && *values != 0) return shared_key_value(type, *values, name);
  }
  auto dict = at(layout.dict);
  if (!dict) return std::nullopt;
  if (layout.dict_or_values && (*dict & 1) != 0) return shared_key_value(type, *dict + 1, name);
  if (*dict != 0) return find(*dict, name);
  if (!layout.values_in_object || !type.is(TypeInfo::kInlineValues)) return std::nullopt;
  Address values = object + type.basic_size;
  auto valid = field<uint8_t>(values, layout.values_valid);
  return valid && *valid != 0 ? shared_key_value(type, values, name) : std::nullopt;
}

std::optional<Address> Containers::attribute(Address object, std::string_view name) {
  const TypeInfo* type = type_of(object);
  if (type == nullptr) return std::nullopt;
  if (layout_.attributes.dict != 0 && type->is(TypeInfo::kManagedDict))
    return managed_attribute(*type, object, name);
  if (type->dict_offset <= 0) return std::nullopt;
  auto dict = memory_.pointer(object + static_cast<Address>(type->dict_offset));
  return dict && *dict != 0 ? find(*dict, name) : std::nullopt;
}

// PyLongObject, Include/cpython/longintrepr.h: digits of 30 bits, the least first. Up to 3.11 their number
// has the value's sign; from 3.12 on the lowest two bits of the tag are 0 for a positive one, 2 for a
// negative.
std::optional<int64_t> Containers::integer(Address object) const {
  constexpr int kDigitBits = 30;
  constexpr int64_t kMostDigits = 2;
  auto word = field<int64_t>(object, layout_.container.long_value);
  if (!word || *word < -static_cast<int64_t>(kMostElements) || *word > static_cast<int64_t>(kMostElements))
    return std::nullopt;
  bool tagged = layout_.container.long_is_tagged;
  int64_t count = tagged ? *word >> 3 : *word;
  bool negative = tagged ? (*word & 3) == 2 : count < 0;
  if (!tagged && negative) count = -count;
  if (tagged && (*word & 3) == 1) return 0;
  if (count < 0 || count > kMostDigits) return std::nullopt;
  std::array<uint32_t, kMostDigits> digits{};
  Address start = object + layout_.container.long_digits;
  if (count != 0 && !memory_.read(start, digits.data(), static_cast<size_t>(count) * sizeof(uint32_t)))
    return std::nullopt;
  auto value = static_cast<int64_t>(uint64_t{digits[1]} << kDigitBits | digits[0]);
  return negative ? -value : value;
}

}  // namespace rtprof
