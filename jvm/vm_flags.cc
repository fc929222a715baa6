#include "jvm/vm_flags.h"

#include <algorithm>
#include <optional>
#include <string>

namespace rtprof::jvm {
namespace {

// JDK 8 to 26 have up to 1,600, of names up to 60 letters.
constexpr uint64_t kMostFlags = 1 << 13;
constexpr size_t kLongestName = 128;

}  // namespace

std::map<std::string_view, bool> boolean_flags(const Memory& memory, const ObjectLayout& layout,
                                               std::span<const std::string_view> names) {
  std::map<std::string_view, bool> found;
  auto first = memory.pointer(layout.flags);
  auto count = memory.get<uint64_t>(layout.flag_count);
  if (!first || !count || *count > kMostFlags || layout.flag_bytes == 0) return found;
  auto all = memory.bytes(*first, *count * layout.flag_bytes);
  if (!all) return found;
  std::span<const uint8_t> rest = *all;
  for (; rest.size() >= layout.flag_bytes && found.size() < names.size();
       rest = rest.subspan(layout.flag_bytes)) {
    std::span<const uint8_t> flag = rest.first(layout.flag_bytes);
    // The last one has no name.
    Address name_at = layout.flag_name.in(flag);
    auto name = name_at != 0 ? memory.c_string(name_at, kLongestName) : std::nullopt;
    auto wanted = name ? std::find(names.begin(), names.end(), *name) : names.end();
    if (wanted == names.end()) continue;
    if (auto value = memory.get<uint8_t>(layout.flag_value.in(flag))) found[*wanted] = *value != 0;
  }
  return found;
}

}  // namespace rtprof::jvm
