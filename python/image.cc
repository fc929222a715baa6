#include "python/image.h"

#include <elf.h>

#include <map>
#include <mutex>
#include <tuple>

namespace rtprof {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

uint64_t address_of(const ElfFile& file, std::string_view symbol) {
  auto found = file.symbol(symbol);
  return found ? found->address : 0;
}

}  // namespace

std::optional<PythonVersion> version_in_strings(std::string_view strings,
                                                const std::optional<PythonVersion>& expected) {
  // The Unicode database of 3.2.0 is part of every Python 3; its version looks like one of Python's.
  constexpr std::string_view kUnicodeVersion = "3.2.0";
  std::optional<PythonVersion> best;
  for (size_t at = strings.find('.'); at != std::string_view::npos; at = strings.find('.', at + 1)) {
    if (at == 0 || (strings[at - 1] != '2' && strings[at - 1] != '3')) continue;
    size_t start = at - 1;
    // It may be the end of another string that the linker has stored it in, but then the file's name must
    // agree.
    char before = start != 0 ? strings[start - 1] : '\0';
    if (is_digit(before) || before == '.' || (before != '\0' && !expected)) continue;
    std::string_view text = strings.substr(start, strings.find('\0', start) - start);
    if (text.size() > 12 || text == kUnicodeVersion) continue;
    auto version = PythonVersion::parse(text);
    if (!version) continue;
    bool fits = expected && version->major == expected->major && version->minor == expected->minor;
    if (fits) return version;
    if (!expected && !best) best = version;
  }
  return best;
}

std::optional<PythonImage> read_python_image(const std::string& readable_path, std::string_view name) {
  auto file = ElfFile::open(readable_path);
  if (!file || !file->is_64_bit() || file->machine() != EM_X86_64) return std::nullopt;
  PythonImage image;
  image.runtime = address_of(*file, "_PyRuntime");
  if (image.runtime == 0) {
    if (auto section = file->section(".PyRuntime")) image.runtime = section->address;
  }
  image.version = python_version_of_path(name);
  // _PyThreadState_Current: up to 3.6, where there is no _PyRuntime.
  image.interpreter = image.runtime != 0 || (image.version && file->symbol("_PyThreadState_Current"));
  if (!image.interpreter) return image;
  image.version_number = address_of(*file, "Py_Version");
  image.code_type = address_of(*file, "PyCode_Type");
  image.none = address_of(*file, "_Py_NoneStruct");
  if (image.version_number == 0) {
    auto strings = file->section_bytes(".rodata");
    auto version = strings ? version_in_strings(*strings, image.version) : std::nullopt;
    if (version) image.version = version;
  }
  return image;
}

std::optional<PythonImage> python_image_of(const Module& module) {
  using Key = std::tuple<uint64_t, uint64_t, std::string>;
  static std::mutex mutex;
  static std::map<Key, std::optional<PythonImage>> known;
  const Mapping& first = module.mappings.front();
  Key key{first.device, first.inode, module.path};
  {
    std::lock_guard lock(mutex);
    if (auto found = known.find(key); found != known.end()) return found->second;
  }
  auto image = read_python_image(module.readable_path, module.path);
  std::lock_guard lock(mutex);
  return known.try_emplace(std::move(key), image).first->second;
}

}  // namespace rtprof
