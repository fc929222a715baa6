#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/result.h"
#include "common/process/memory.h"

namespace rtprof::jvm {

// HotSpot's description of itself, as debuggers read it (src/hotspot/share/runtime/vmStructs.hpp): tables of
// fields, types and constants that libjvm exports, read from the memory of a target.
class VmStructs {
 public:
  struct Field {
    std::string type;     // of its value: "int", "Method*"
    uint64_t offset = 0;  // in its structure
    Address address = 0;  // of a static field; 0 for others
  };
  struct Type {
    uint64_t size = 0;
    bool is_unsigned = false;
  };

  // `symbol` tells where libjvm has one of its exported variables, in the target. Fails when a table is not
  // there, names it, or when what is there is none.
  using SymbolAddress = std::function<std::optional<Address>(std::string_view)>;
  static Result<VmStructs> read(const Memory& memory, const SymbolAddress& symbol);

  const Field* field(std::string_view type, std::string_view name) const;
  const Type* type(std::string_view name) const;
  std::optional<int64_t> constant(std::string_view name) const;

  void add_field(std::string type, std::string name, Field field);
  void add_type(std::string name, Type type);
  void add_constant(std::string name, int64_t value);

 private:
  std::map<std::pair<std::string, std::string>, Field, std::less<>> fields_;
  std::map<std::string, Type, std::less<>> types_;
  std::map<std::string, int64_t, std::less<>> constants_;
};

}  // namespace rtprof::jvm
