#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "jvm/jfr_bytes.h"

namespace rtprof::jvm {

struct JfrType;

struct JfrField {
  std::string name;
  const JfrType* type = nullptr;
  bool is_reference = false;  // a number that a constant of `type` has
  bool is_array = false;
};

// How values of a type are written.
enum class JfrShape : uint8_t {
  kFields,  // one after the other
  kNumber,  // compressed
  kByte,
  kFourBytes,
  kEightBytes,
  kText,
};

struct JfrType {
  std::string name;  // "jdk.ExecutionSample"
  uint64_t id = 0;
  JfrShape shape = JfrShape::kFields;
  std::vector<JfrField> fields;
};

// What a recording says of the layout of its own events and constants (jdk.jfr.internal.MetadataReader).
class JfrTypes {
 public:
  JfrTypes() = default;
  JfrTypes(const JfrTypes&) = delete;
  JfrTypes& operator=(const JfrTypes&) = delete;

  // Of a metadata event, from behind its size and type on. Null where it makes no sense.
  static std::unique_ptr<JfrTypes> parse(JfrBytes& bytes);

  // Null where there is none.
  const JfrType* find(uint64_t id) const;
  bool empty() const { return types_.empty(); }

  // Reads a value of fields: `visit(field, bytes)` reads the field's value and returns true, or leaves it to
  // be passed over.
  template <typename Visit>
  static void read(const JfrType& type, JfrBytes& bytes, const Visit& visit) {
    for (const JfrField& field : type.fields) {
      if (!bytes.spend()) return;
      if (!visit(field, bytes)) skip(field, bytes, 0);
    }
  }
  static void skip(const JfrType& type, JfrBytes& bytes, int depth = 0);

 private:
  static void skip(const JfrField& field, JfrBytes& bytes, int depth);

  // Nodes of this map stay where they are: fields point to them.
  std::unordered_map<uint64_t, JfrType> types_;
};

}  // namespace rtprof::jvm
