#include "native/symbol_source.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_map>
#include <vector>

namespace rtprof::native {
namespace {

constexpr size_t kMaxName = 1 << 14;

struct SectionInfo {
  uint64_t begin = 0;
  uint64_t end = 0;
  bool is_code = false;
  bool may_have_labels = false;
};

std::vector<SectionInfo> sections_of(Elf* elf) {
  std::vector<SectionInfo> sections(1);
  size_t names = 0;
  if (elf_getshdrstrndx(elf, &names) != 0) names = 0;
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    SectionInfo& info = sections.emplace_back();
    if (gelf_getshdr(section, &header) == nullptr) continue;
    const char* name = elf_strptr(elf, names, header.sh_name);
    constexpr uint64_t kCode = SHF_ALLOC | SHF_EXECINSTR;
    info.begin = header.sh_addr;
    info.end = header.sh_addr + header.sh_size;
    info.is_code = (header.sh_flags & kCode) == kCode && info.end >= info.begin;
    info.may_have_labels = name != nullptr && std::strstr(name, "text") != nullptr;
  }
  return sections;
}

// Data among code is named as well: it says where the code before it ends.
bool is_named(const GElf_Sym& symbol, const SectionInfo& section) {
  if (!section.is_code || symbol.st_name == 0) return false;
  if (symbol.st_value < section.begin || symbol.st_value >= section.end) return false;
  switch (GELF_ST_TYPE(symbol.st_info)) {
    case STT_FUNC:
    case STT_GNU_IFUNC:
    case STT_OBJECT:
      return true;
    case STT_NOTYPE: {
      auto visibility = GELF_ST_VISIBILITY(symbol.st_other);
      return section.may_have_labels && visibility != STV_HIDDEN && visibility != STV_INTERNAL;
    }
    default:
      return false;
  }
}

Elf_Scn* find_section(Elf* elf, uint32_t type, GElf_Shdr& header) {
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    if (gelf_getshdr(section, &header) != nullptr && header.sh_type == type) return section;
  }
  return nullptr;
}

std::optional<NameRange> names_of(Elf* elf, const GElf_Shdr& table) {
  GElf_Shdr header;
  Elf_Scn* section = elf_getscn(elf, table.sh_link);
  if (section == nullptr || gelf_getshdr(section, &header) == nullptr || header.sh_type != SHT_STRTAB)
    return std::nullopt;
  constexpr uint64_t kMaxNames = 1 << 30;
  uint64_t end = header.sh_offset + std::min<uint64_t>(header.sh_size, kMaxNames);
  if (end < header.sh_offset) return std::nullopt;
  return NameRange{header.sh_offset, end};
}

// The offset of the function's name for each slot of the global offset table that a function's address is
// written to.
std::unordered_map<uint64_t, uint32_t> imported_functions(Elf* elf, Elf_Data* symbols) {
  std::unordered_map<uint64_t, uint32_t> functions;
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type != SHT_RELA || header.sh_entsize == 0)
      continue;
    Elf_Data* data = elf_getdata(section, nullptr);
    if (data == nullptr) continue;
    auto count = static_cast<int>(std::min<uint64_t>(data->d_size / header.sh_entsize, INT32_MAX));
    for (int i = 0; i < count; ++i) {
      GElf_Rela relocation;
      GElf_Sym symbol;
      if (gelf_getrela(data, i, &relocation) == nullptr) break;
      auto type = GELF_R_TYPE(relocation.r_info);
      if (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT) continue;
      auto index = static_cast<int>(std::min<uint64_t>(GELF_R_SYM(relocation.r_info), INT32_MAX));
      if (gelf_getsym(symbols, index, &symbol) != nullptr && symbol.st_name != 0)
        functions[relocation.r_offset] = symbol.st_name;
    }
  }
  return functions;
}

// The slot that an entry of a linkage table jumps through: `jmp *displacement(%rip)`, ff 25, perhaps behind
// an endbr64 (4 bytes) and a bnd prefix.
std::optional<uint64_t> slot_of_entry(uint64_t address, const unsigned char* code, size_t size) {
  constexpr size_t kJump = 6;
  for (size_t at : {0, 1, 4, 5}) {
    if (at + kJump > size || code[at] != 0xff || code[at + 1] != 0x25) continue;
    int32_t displacement = 0;
    std::memcpy(&displacement, code + at + 2, sizeof displacement);
    return address + at + kJump + static_cast<uint64_t>(int64_t{displacement});
  }
  return std::nullopt;
}

}  // namespace

void ElfImage::ElfCloser::operator()(Elf* elf) const {
  elf_end(elf);
}

ElfImage ElfImage::of_file(std::string path) {
  ElfImage image;
  image.path_ = std::move(path);
  return image;
}
ElfImage ElfImage::of_descriptor(UniqueFd fd) {
  ElfImage image;
  image.path_ = "/proc/self/fd/" + std::to_string(fd.get());
  image.fd_ = std::move(fd);
  return image;
}
ElfImage ElfImage::of_bytes(std::string bytes) {
  ElfImage image;
  image.bytes_ = std::move(bytes);
  return image;
}

UniqueFd ElfImage::open_file() const {
  return UniqueFd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
}

ElfImage::Handle ElfImage::open() const {
  elf_version(EV_CURRENT);
  Handle handle;
  if (path_.empty()) {
    // Opened for reading: libelf does not write to it.
    handle.elf.reset(elf_memory(const_cast<char*>(bytes_.data()), bytes_.size()));
  } else {
    handle.fd = open_file();
    if (!handle.fd.valid()) return handle;
    handle.elf.reset(elf_begin(handle.fd.get(), ELF_C_READ_MMAP, nullptr));
  }
  if (handle.elf && elf_kind(handle.elf.get()) != ELF_K_ELF) handle.elf.reset();
  return handle;
}

std::string ElfImage::text_at(uint64_t offset, uint64_t end) const {
  if (offset >= end) return {};
  size_t limit = std::min<uint64_t>(end - offset, kMaxName);
  if (path_.empty()) {
    if (offset >= bytes_.size()) return {};
    std::string text = bytes_.substr(offset, limit);
    return text.substr(0, text.find('\0'));
  }
  UniqueFd fd = open_file();
  std::string text;
  while (text.size() < limit) {
    std::array<char, 256> buffer;
    size_t wanted = std::min(buffer.size(), limit - text.size());
    ssize_t got = ::pread(fd.get(), buffer.data(), wanted, static_cast<off_t>(offset + text.size()));
    if (got <= 0) return {};
    text.append(buffer.data(), static_cast<size_t>(got));
    size_t length = text.find('\0');
    if (length != std::string::npos) return text.substr(0, length);
  }
  return text;
}

std::optional<NameRange> visit_code_symbols(Elf* elf, uint32_t table_type,
                                            const std::function<void(const CodeSymbol&)>& visit) {
  GElf_Shdr table;
  Elf_Scn* section = find_section(elf, table_type, table);
  if (section == nullptr || table.sh_entsize == 0) return std::nullopt;
  Elf_Data* data = elf_getdata(section, nullptr);
  auto names = names_of(elf, table);
  if (data == nullptr || !names) return std::nullopt;
  std::vector<SectionInfo> sections = sections_of(elf);
  auto count = static_cast<int>(std::min<uint64_t>(data->d_size / table.sh_entsize, INT32_MAX));
  for (int i = 0; i < count; ++i) {
    GElf_Sym symbol;
    if (gelf_getsym(data, i, &symbol) == nullptr) break;
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx >= sections.size()) continue;
    const SectionInfo& place = sections[symbol.st_shndx];
    if (!is_named(symbol, place) || symbol.st_name >= names->size()) continue;
    visit({.address = symbol.st_value,
           .size = std::min(symbol.st_size, place.end - symbol.st_value),
           .section_end = place.end,
           .name = symbol.st_name,
           .type = static_cast<uint8_t>(GELF_ST_TYPE(symbol.st_info)),
           .binding = static_cast<uint8_t>(GELF_ST_BIND(symbol.st_info))});
  }
  return names;
}

std::optional<NameRange> visit_linkage_entries(Elf* elf,
                                               const std::function<void(const LinkageEntry&)>& visit) {
  GElf_Ehdr file;
  if (gelf_getehdr(elf, &file) == nullptr || file.e_machine != EM_X86_64) return std::nullopt;
  GElf_Shdr table;
  Elf_Scn* symbols_section = find_section(elf, SHT_DYNSYM, table);
  Elf_Data* symbols = symbols_section == nullptr ? nullptr : elf_getdata(symbols_section, nullptr);
  auto names = symbols == nullptr ? std::nullopt : names_of(elf, table);
  size_t section_names = 0;
  if (!names || elf_getshdrstrndx(elf, &section_names) != 0) return std::nullopt;
  auto functions = imported_functions(elf, symbols);
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type != SHT_PROGBITS) continue;
    const char* name = elf_strptr(elf, section_names, header.sh_name);
    if (name == nullptr || !std::string_view(name).starts_with(".plt")) continue;
    Elf_Data* data = elf_rawdata(section, nullptr);
    if (data == nullptr || data->d_buf == nullptr) continue;
    size_t entry_size = header.sh_entsize == 8 ? 8 : 16;
    const auto* code = static_cast<const unsigned char*>(data->d_buf);
    for (size_t at = 0; at + entry_size <= data->d_size; at += entry_size) {
      auto slot = slot_of_entry(header.sh_addr + at, code + at, entry_size);
      auto function = slot ? functions.find(*slot) : functions.end();
      if (function == functions.end() || function->second >= names->size()) continue;
      // One that the file itself chooses when it is loaded (R_X86_64_IRELATIVE) has no name.
      if (function->second == 0) continue;
      visit({header.sh_addr + at, entry_size, function->second});
    }
  }
  return names;
}

}  // namespace rtprof::native
