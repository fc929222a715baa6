#include "common/elf/modules.h"

#include <algorithm>

namespace rtprof {
namespace {

constexpr uint64_t kPageMask = ~uint64_t{4095};

}  // namespace

std::optional<uint64_t> Module::load_bias(const ElfFile& file) const {
  if (file.is_fixed_position()) return 0;
  for (const Mapping& mapping : mappings) {
    for (const ElfFile::Segment& segment : file.segments()) {
      // The loader maps whole pages: the mapping that begins with the segment's first page.
      if (mapping.offset != (segment.offset & kPageMask)) continue;
      return mapping.start - (segment.address & kPageMask);
    }
  }
  return std::nullopt;
}

bool Module::contains(uint64_t address) const {
  return std::any_of(mappings.begin(), mappings.end(),
                     [&](const Mapping& m) { return address >= m.start && address < m.end; });
}

bool Module::executable() const {
  return std::any_of(mappings.begin(), mappings.end(), [](const Mapping& m) { return m.executable; });
}

std::vector<Module> group_modules(const std::vector<Mapping>& mappings) {
  std::vector<Module> modules;
  for (const Mapping& mapping : mappings) {
    if (mapping.inode == 0 || mapping.path.empty() || mapping.path[0] != '/') continue;
    auto same = std::find_if(modules.rbegin(), modules.rend(), [&](const Module& module) {
      const Mapping& first = module.mappings.front();
      return first.inode == mapping.inode && first.device == mapping.device;
    });
    // A file mapped again from its beginning is a second copy (dlmopen): a module of its own.
    bool again = same != modules.rend() && mapping.offset == 0 && same->executable();
    if (same == modules.rend() || again) {
      modules.push_back({mapping.path, {}, {mapping}});
    } else {
      same->mappings.push_back(mapping);
    }
  }
  std::erase_if(modules, [](const Module& module) {
    return !module.executable() && module.path.find(".so") == std::string::npos;
  });
  return modules;
}

std::vector<Module> modules_of(const Process& process) {
  std::vector<Module> modules = group_modules(process.mappings());
  for (Module& module : modules) module.readable_path = process.path_of(module.mappings.front());
  return modules;
}

}  // namespace rtprof
