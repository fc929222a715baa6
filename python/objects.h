#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/process/memory.h"
#include "python/layout.h"

namespace rtprof {

// Reads every range that can be read, going on after one that cannot. Returns which could.
std::vector<bool> read_each(const Memory& memory, std::span<const MemoryRange> ranges);

// An object of the target whose contents are wanted: a str as UTF-8, or the bytes of a bytes object.
struct ObjectRequest {
  enum class Type : uint8_t { kString, kBytes };
  Type type = Type::kString;
  Address address = 0;
  size_t limit = 1 << 20;                             // bytes in the target
  bool cut = false;                                   // of what is longer, read what is within the limit
  std::optional<std::string> content = std::nullopt;  // nothing when it could not be read, is too long, or is
                                                      // no such object
  uint64_t length = 0;  // of the whole, in characters or bytes; when there is content
};

// Reads all of them in two batches. The target may be running, so that any length may be torn.
void read_objects(const Memory& memory, const PythonLayout& layout, std::span<ObjectRequest> requests);

std::optional<std::string> read_string(const Memory& memory, const PythonLayout& layout, Address address,
                                       size_t limit = 1 << 20);

// The first `limit` bytes of a str or a bytes object. Nothing when it could not be read.
std::optional<ObjectRequest> read_start(const Memory& memory, const PythonLayout& layout,
                                        ObjectRequest::Type type, Address address, size_t limit);

// The name of an object's type (tp_name), which tells what it is.
std::optional<std::string> type_name_of(const Memory& memory, const PythonLayout& layout, Address object);

// The characters of a str of 1, 2 or 4 bytes each as UTF-8. A lone surrogate or a number beyond Unicode
// becomes U+FFFD, so that the result is always valid.
std::string utf8_from(std::span<const uint8_t> characters, size_t width);

}  // namespace rtprof
