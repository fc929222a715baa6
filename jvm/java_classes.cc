#include "jvm/java_classes.h"

#include <iterator>

#include "jvm/class_fields.h"
#include "jvm/symbols.h"

namespace rtprof::jvm {
namespace {

constexpr uint64_t kArrayHeader = 4;  // Array<u1>, Array<u2>: the length, then the elements
constexpr size_t kLargestArray = 1 << 20;
constexpr uint8_t kUtf8 = 1;  // JVM_CONSTANT_Utf8
constexpr int kMostSuperclasses = 64;
constexpr size_t kMostClasses = 1 << 16;
constexpr size_t kLongestField = 64;  // of those that are asked for
constexpr size_t kMostOfName = 1024;  // a Symbol may have 64 KiB

}  // namespace

JavaClass* JavaClasses::find(Address klass) {
  if (klass == 0 || klass % sizeof(Address) != 0) return nullptr;
  if (classes_.size() >= kMostClasses && !classes_.contains(klass)) return nullptr;
  auto [known, is_new] = classes_.try_emplace(klass);
  if (is_new) known->second = read(klass);
  return known->second ? &*known->second : nullptr;
}

JavaClass* JavaClasses::known(Address variable) {
  auto klass = memory_.pointer(variable);
  return klass ? find(*klass) : nullptr;
}

// Every class has Object first among the superclasses that it lists, and is itself where a class of its depth
// belongs. What is no class has both only by chance.
std::optional<JavaClass> JavaClasses::read(Address klass) {
  const ObjectLayout& layout = layout_.objects;
  auto object = memory_.pointer(layout.object_class);
  auto first_super = layout.klass_primary_supers.at(memory_, klass);
  if (!object || *object == 0 || !first_super || static_cast<Address>(*first_super) != *object)
    return std::nullopt;
  auto name = layout_.klass_name.at(memory_, klass);
  auto super = layout.klass_super.at(memory_, klass);
  auto check_offset = layout.klass_check_offset.at(memory_, klass);
  auto shape = layout.klass_layout_helper.at(memory_, klass);
  if (!name || !super || !check_offset || !shape) return std::nullopt;
  auto text = symbol_text(memory_, layout_, static_cast<Address>(*name));
  if (!text) return std::nullopt;
  JavaClass found;
  found.klass = klass;
  found.name = text->substr(0, kMostOfName);
  found.super = static_cast<Address>(*super);
  found.check_offset = static_cast<uint32_t>(*check_offset);
  found.shape = static_cast<int32_t>(*shape);
  return found;
}

std::optional<std::vector<uint8_t>> JavaClasses::array(Address array, size_t element_bytes) const {
  auto length = memory_.get<uint32_t>(array);
  if (array == 0 || !length || *length > kLargestArray) return std::nullopt;
  return memory_.bytes(array + kArrayHeader, *length * element_bytes);
}

// False when they cannot be read.
bool JavaClasses::read_fields(JavaClass& java_class) {
  const ObjectLayout& layout = layout_.objects;
  std::optional<std::vector<RecordedField>> recorded;
  if (layout.class_field_stream.exists()) {
    auto at = layout.class_field_stream.at(memory_, java_class.klass);
    auto stream = at ? array(static_cast<Address>(*at), sizeof(uint8_t)) : std::nullopt;
    if (stream) recorded = fields_in_stream(*stream);
  } else {
    auto at = layout.class_fields.at(memory_, java_class.klass);
    auto count = layout.class_field_count.at(memory_, java_class.klass);
    auto records = at ? array(static_cast<Address>(*at), sizeof(uint16_t)) : std::nullopt;
    if (records && count) recorded = fields_in_array(*records, static_cast<size_t>(*count));
  }
  auto pool = layout.class_constants.at(memory_, java_class.klass);
  auto header =
      pool && recorded ? memory_.bytes(static_cast<Address>(*pool), layout_.pool_bytes) : std::nullopt;
  if (!header) return false;
  auto tags = static_cast<Address>(layout_.pool_tags.in(*header));
  auto length = layout_.pool_length.in(*header);
  std::map<std::string, JavaClass::Field, std::less<>> fields;
  for (const RecordedField& field : *recorded) {
    if (field.name >= length) return false;
    uint8_t tag = 0;
    Address symbol = 0;
    const MemoryRange ranges[] = {
        {tags + kArrayHeader + field.name, &tag, 1},
        {*pool + layout_.pool_bytes + field.name * sizeof(Address), &symbol, sizeof symbol}};
    bool is_name = memory_.read_batch(ranges) == std::size(ranges) && tag == kUtf8;
    auto name = is_name ? symbol_text(memory_, layout_, symbol) : std::nullopt;
    if (!name) return false;
    if (name->size() > kLongestField) continue;
    fields.emplace(std::move(*name), JavaClass::Field{field.offset, field.is_static});
  }
  java_class.fields = std::move(fields);
  return true;
}

JavaClass* JavaClasses::called(JavaClass& java_class, std::string_view name) {
  JavaClass* each = &java_class;
  for (int i = 0; i < kMostSuperclasses && each != nullptr; ++i) {
    if (each->name == name) return each;
    each = find(each->super);
  }
  return nullptr;
}

const JavaClass::Field* JavaClasses::field(JavaClass& java_class, std::string_view name) {
  JavaClass* each = &java_class;
  for (int i = 0; i < kMostSuperclasses && each != nullptr; ++i) {
    // Arrays and interfaces declare no fields that an object has.
    if (each->shape < 0 || (!each->fields && !read_fields(*each))) return nullptr;
    auto found = each->fields->find(name);
    if (found != each->fields->end()) return &found->second;
    each = find(each->super);
  }
  return nullptr;
}

bool JavaClasses::is_subclass(const JavaClass& java_class, const JavaClass& of) const {
  if (java_class.klass == of.klass) return true;
  return memory_.pointer(java_class.klass + of.check_offset) == of.klass;
}

}  // namespace rtprof::jvm
