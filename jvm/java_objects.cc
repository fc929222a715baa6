#include "jvm/java_objects.h"

#include <algorithm>
#include <cstring>

#include "jvm/java_strings.h"

namespace rtprof::jvm {
namespace {

// BasicType (utilities/globalDefinitions.hpp).
constexpr uint8_t kChar = 5;
constexpr uint8_t kByte = 8;

constexpr uint8_t kUtf16 = 1;  // java.lang.String.UTF16
constexpr uint32_t kMostCharacters = 1024;
constexpr uint32_t kLargestObject = 1 << 16;

}  // namespace

std::optional<Failure> JavaObjects::begin() {
  model_.reset();
  classes_.forget();
  auto model = ObjectModel::read(memory_, layout_.objects);
  if (!model) return model.failure();
  model_ = *model;
  relocations_.reset();
  auto relocations = model_->z() != nullptr
                         ? ZRelocations::read(memory_, *model_->z(), model_->has_generations())
                         : std::nullopt;
  if (relocations) relocations_.emplace(*relocations);
  return std::nullopt;
}

std::optional<JavaObject> JavaObjects::object(Address address) {
  if (!model_ || address == 0 || address % sizeof(Address) != 0) return std::nullopt;
  auto first = header(address);
  if (!first) return std::nullopt;
  JavaObject object{.address = address};
  // With compact headers the class is where the new address is. A collector that has not copied the object
  // yet has only told where it will.
  if (auto moved = ObjectModel::moved_to(*first)) {
    auto second = *moved % sizeof(Address) == 0 ? header(*moved) : std::nullopt;
    JavaClass* of = second ? classes_.find(model_->klass(*second)) : nullptr;
    if (of != nullptr && !ObjectModel::moved_to(*second)) {
      object.address = *moved;
      object.of = of;
      first = second;
    }
  }
  if (object.of == nullptr) object.of = classes_.find(model_->klass(*first));
  if (object.of == nullptr || object.of->object_bytes() > kLargestObject) return std::nullopt;
  auto bytes = memory_.bytes(object.address, object.of->object_bytes());
  if (!bytes) return std::nullopt;
  object.bytes = std::move(*bytes);
  ObjectHeader again = *first;
  if (!object.bytes.empty())
    std::memcpy(again.data(), object.bytes.data(), std::min(sizeof again, object.bytes.size()));
  bool is_same = model_->klass(again) == object.of->klass;
  return is_same ? std::optional(std::move(object)) : std::nullopt;
}

Address JavaObjects::referred(uint64_t value) const {
  Address address = model_->from_root(value);
  ZRelocation relocation = model_->relocation(value);
  if (address == 0 || !relocations_ || relocation == ZRelocation::kNone) return address;
  auto moved = relocations_->find(relocation, model_->heap_offset(address));
  return moved ? model_->at_offset(address, *moved) : address;
}

std::vector<Address> JavaObjects::moved_from(Address address) const {
  std::vector<Address> to;
  if (!relocations_) return to;
  for (ZRelocation relocation : {ZRelocation::kYoung, ZRelocation::kOld}) {
    auto moved = relocations_->find(relocation, model_->heap_offset(address));
    if (moved) to.push_back(model_->at_offset(address, *moved));
  }
  return to;
}

std::optional<Address> JavaObjects::root(Address slot) const {
  auto value = model_ && slot != 0 ? memory_.get<uint64_t>(slot) : std::nullopt;
  return value ? std::optional(referred(*value)) : std::nullopt;
}

std::optional<uint32_t> JavaObjects::instance_field(JavaClass& of, std::string_view name) {
  const JavaClass::Field* field = classes_.field(of, name);
  return field != nullptr && !field->is_static ? std::optional(field->offset) : std::nullopt;
}

std::optional<Address> JavaObjects::reference(const JavaObject& object, JavaClass& of,
                                              std::string_view field) {
  auto offset = instance_field(of, field);
  if (model_->reference_bytes() == sizeof(uint32_t)) {
    auto narrow = value<uint32_t>(object, offset);
    return narrow ? std::optional(model_->from_field(*narrow)) : std::nullopt;
  }
  auto whole = value<uint64_t>(object, offset);
  return whole ? std::optional(referred(*whole)) : std::nullopt;
}

// The bytes of an array of bytes or chars.
std::optional<std::vector<uint8_t>> JavaObjects::characters(const JavaObject& array) const {
  bool is_array =
      array.of->is_number_array() && (array.of->element_type() == kByte || array.of->element_type() == kChar);
  const uint32_t begin = array.of->array_begin();
  const uint32_t length_at = model_->array_length_offset();
  auto length = is_array ? memory_.get<uint32_t>(array.address + length_at) : std::nullopt;
  if (!length || *length > INT32_MAX || begin < length_at + sizeof(uint32_t)) return std::nullopt;
  const size_t width = array.of->element_type() == kChar ? 2 : 1;
  const size_t size = std::min<size_t>(*length * width, 2 * kMostCharacters);
  // With the header once more, to see that it is still there.
  auto all = memory_.bytes(array.address, begin + size);
  if (!all) return std::nullopt;
  ObjectHeader again{};
  std::memcpy(again.data(), all->data(), std::min(sizeof again, all->size()));
  uint32_t same_length = 0;
  std::memcpy(&same_length, all->data() + length_at, sizeof same_length);
  if (model_->klass(again) != array.of->klass || same_length != *length) return std::nullopt;
  all->erase(all->begin(), all->begin() + begin);
  return all;
}

std::optional<std::string> JavaObjects::string(Address address) {
  auto text = object(address);
  if (!text || text->of != classes_.known(layout_.objects.string_class)) return std::nullopt;
  auto value = reference(*text, "value");
  auto array = value ? object(*value) : std::nullopt;
  auto bytes = array ? characters(*array) : std::nullopt;
  if (!bytes) return std::nullopt;
  if (array->of->element_type() == kChar) return utf8_of_utf16(*bytes);
  auto coder = number<uint8_t>(*text, "coder");
  if (!coder) return std::nullopt;
  return *coder == kUtf16 ? utf8_of_utf16(*bytes) : utf8_of_latin1(*bytes);
}

}  // namespace rtprof::jvm
