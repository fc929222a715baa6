#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "python/containers.h"

namespace rtprof {

// Values of the target as short texts, as near to what repr() would give as can be without running any of the
// target's code: built-in types by their value, whatever else by its type and address. What is long is cut:
// strings after some characters, containers after some elements, nesting after some levels, so that the work
// and the text are bounded for any value.
class Repr {
 public:
  // `containers` outlives this. `none` is the address of None; 0 when not known.
  Repr(Containers& containers, Address none) : containers_(containers), none_(none) {}

  // "<unreadable at 0x…>" for what is not readable.
  std::string of(Address object);

  // "app.Order": the module is left out for built-in types.
  std::string type_name(const TypeInfo& type);

 private:
  void append(std::string& text, Address object, int depth);
  bool append_value(std::string& text, Address object, const TypeInfo& type, int depth);
  void append_items(std::string& text, const Containers::Items& items, int depth);
  void append_elements(std::string& text, const Containers::Elements& elements, int depth);
  bool append_integer(std::string& text, Address object) const;
  bool append_quoted(std::string& text, Address object, bool bytes) const;
  bool append_container(std::string& text, Address object, const TypeInfo& type, int depth);

  Containers& containers_;
  Address none_;
};

// The decimal digits of a number given in digits of 30 bits, the least first.
std::string decimal_of(std::vector<uint32_t> digits);

// A float as Python writes it: the shortest digits that mean the same number.
std::string float_text(double value);

// A str as Python writes it, in quotes and with escapes; what is not printable is escaped. `text` is UTF-8.
std::string quoted(std::string_view text);
// A bytes object, likewise.
std::string quoted_bytes(std::string_view bytes);

}  // namespace rtprof
