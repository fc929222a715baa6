#include "python/thread_names.h"

#include <fmt/core.h>

#include "common/process/procfs.h"
#include "python/objects.h"

namespace rtprof {
namespace {

constexpr size_t kMostThreads = 65536;
constexpr size_t kLongestName = 1024;

}  // namespace

ThreadNames::ThreadNames(const Memory& memory, const PythonLayout& layout)
    : cache_(memory), containers_(cache_, layout) {}

Address ThreadNames::active_of(Address interpreter) {
  auto is_dict = [this](Address object) {
    const TypeInfo* type = containers_.type_of(object);
    return type != nullptr && type->is(TypeInfo::kDict);
  };
  Address& active = active_[interpreter];
  if (active != 0 && is_dict(active)) return active;
  active = 0;
  if (containers_.layout().interp_modules == kNoOffset) return 0;
  Address modules = cache_.pointer(interpreter + containers_.layout().interp_modules).value_or(0);
  if (!is_dict(modules)) return 0;
  auto threading = containers_.find(modules, "threading");
  auto dict = threading ? containers_.attribute(*threading, "_active") : std::nullopt;
  if (dict && is_dict(*dict)) active = *dict;
  return active;
}

std::unordered_map<uint64_t, std::string> ThreadNames::read(std::span<const PythonInterpreter> interpreters) {
  std::unordered_map<uint64_t, std::string> names;
  cache_.clear();
  containers_.forget_types();
  for (const PythonInterpreter& interpreter : interpreters) {
    Address active = active_of(interpreter.address);
    auto threads = active != 0 ? containers_.dict(active, kMostThreads) : std::nullopt;
    if (!threads) continue;
    for (const Containers::Item& item : threads->first) {
      auto thread_id = containers_.integer(item.key);
      auto name = containers_.attribute(item.value, "_name");
      auto text = name ? read_string(cache_, containers_.layout(), *name, kLongestName) : std::nullopt;
      if (thread_id && text && !text->empty()) names.emplace(static_cast<uint64_t>(*thread_id), *text);
    }
  }
  return names;
}

}  // namespace rtprof
