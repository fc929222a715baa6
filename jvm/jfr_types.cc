#include "jvm/jfr_types.h"

#include <charconv>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

namespace rtprof::jvm {
namespace {

constexpr int kDeepest = 16;  // fields within fields

struct Primitive {
  std::string_view name;
  JfrShape shape;
};
constexpr Primitive kPrimitives[] = {
    {"boolean", JfrShape::kByte},    {"byte", JfrShape::kByte},         {"char", JfrShape::kNumber},
    {"short", JfrShape::kNumber},    {"int", JfrShape::kNumber},        {"long", JfrShape::kNumber},
    {"float", JfrShape::kFourBytes}, {"double", JfrShape::kEightBytes}, {"java.lang.String", JfrShape::kText},
};

JfrShape shape_of(std::string_view name) {
  for (const Primitive& primitive : kPrimitives) {
    if (primitive.name == name) return primitive.shape;
  }
  return JfrShape::kFields;
}

uint64_t number_in(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// A tree of elements with attributes, all of them strings of one table.
class ElementReader {
 public:
  ElementReader(JfrBytes& bytes, const std::vector<std::string>& strings)
      : bytes_(bytes), strings_(strings) {}

  // A field whose type is told by its number until all types are known.
  struct Field {
    uint64_t owner;
    JfrField field;
    uint64_t type;
  };

  void read_all() { element(0); }

  std::unordered_map<uint64_t, JfrType> types;
  std::vector<Field> fields;

 private:
  const std::string& string() {
    static const std::string kNone;
    uint64_t index = bytes_.number();
    if (index >= strings_.size()) bytes_.fail();
    return bytes_.ok() ? strings_[index] : kNone;
  }

  void element(int depth) {
    if (depth > kDeepest || !bytes_.spend()) return bytes_.fail();
    const std::string& name = string();
    JfrType type;
    Field field{};
    for (size_t left = bytes_.count(); left > 0 && bytes_.ok(); --left) {
      const std::string& key = string();
      const std::string& value = string();
      if (key == "id") type.id = number_in(value);
      if (key == "name") type.name = field.field.name = value;
      if (key == "class") field.type = number_in(value);
      if (key == "constantPool") field.field.is_reference = value == "true";
      if (key == "dimension") field.field.is_array = value != "0";
    }
    if (name == "class") {
      class_ = type.id;
      type.shape = shape_of(type.name);
      types[type.id] = std::move(type);
    } else if (name == "field") {
      field.owner = class_;
      fields.push_back(std::move(field));
    }
    for (size_t left = bytes_.count(); left > 0 && bytes_.ok(); --left) element(depth + 1);
  }

  JfrBytes& bytes_;
  const std::vector<std::string>& strings_;
  uint64_t class_ = 0;
};

}  // namespace

std::unique_ptr<JfrTypes> JfrTypes::parse(JfrBytes& bytes) {
  bytes.number();  // time
  bytes.number();  // duration
  bytes.number();  // its own number
  std::vector<std::string> strings;
  for (size_t left = bytes.count(); left > 0 && bytes.ok(); --left) strings.push_back(bytes.text().text);
  ElementReader reader(bytes, strings);
  reader.read_all();
  if (!bytes.ok()) return nullptr;
  auto types = std::make_unique<JfrTypes>();
  types->types_ = std::move(reader.types);
  for (auto& [owner, field, type] : reader.fields) {
    auto found = types->types_.find(type);
    auto owned = types->types_.find(owner);
    if (found == types->types_.end() || owned == types->types_.end()) return nullptr;
    field.type = &found->second;
    owned->second.fields.push_back(std::move(field));
  }
  return types;
}

const JfrType* JfrTypes::find(uint64_t id) const {
  auto found = types_.find(id);
  return found == types_.end() ? nullptr : &found->second;
}

void JfrTypes::skip(const JfrField& field, JfrBytes& bytes, int depth) {
  size_t values = field.is_array ? bytes.count() : 1;
  for (; values > 0 && bytes.spend(); --values) {
    if (field.is_reference) {
      bytes.number();
    } else {
      skip(*field.type, bytes, depth);
    }
  }
}

void JfrTypes::skip(const JfrType& type, JfrBytes& bytes, int depth) {
  switch (type.shape) {
    case JfrShape::kNumber:
      bytes.number();
      return;
    case JfrShape::kByte:
      return bytes.skip(1);
    case JfrShape::kFourBytes:
      return bytes.skip(4);
    case JfrShape::kEightBytes:
      return bytes.skip(8);
    case JfrShape::kText:
      bytes.text();
      return;
    case JfrShape::kFields:
      if (depth > kDeepest) return bytes.fail();
      for (const JfrField& field : type.fields) {
        if (!bytes.spend()) return;
        skip(field, bytes, depth + 1);
      }
  }
}

}  // namespace rtprof::jvm
