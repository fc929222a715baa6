#include "common/elf/elf_file.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <cerrno>

#include "common/base/error.h"
#include "common/base/fd.h"
#include "common/elf/dynamic_symbols.h"

namespace rtprof {
namespace {

struct ElfDeleter {
  void operator()(Elf* elf) const { elf_end(elf); }
};

}  // namespace

struct ElfFile::State {
  UniqueFd fd;
  std::string bytes;
  std::unique_ptr<Elf, ElfDeleter> elf;  // after what it reads from: destroyed first
  GElf_Ehdr header{};
  size_t names_index = 0;
  bool has_names = false;
  std::vector<Segment> segments;
  std::optional<Segment> dynamic;

  // Calls `visit(Elf_Scn*, const GElf_Shdr&)` for each section until it returns true.
  template <typename Visit>
  void each_section(Visit visit) const {
    Elf_Scn* section = nullptr;
    while ((section = elf_nextscn(elf.get(), section)) != nullptr) {
      GElf_Shdr section_header;
      if (gelf_getshdr(section, &section_header) == nullptr) continue;
      if (visit(section, section_header)) return;
    }
  }

  Elf_Scn* find(std::string_view name, GElf_Shdr& found_header) const {
    Elf_Scn* found = nullptr;
    if (!has_names) return found;
    each_section([&](Elf_Scn* section, const GElf_Shdr& section_header) {
      const char* section_name = elf_strptr(elf.get(), names_index, section_header.sh_name);
      if (section_name == nullptr || name != section_name) return false;
      found = section;
      found_header = section_header;
      return true;
    });
    return found;
  }

  std::optional<Symbol> find_symbol(std::string_view name, uint32_t table_type) const {
    std::optional<Symbol> found;
    each_section([&](Elf_Scn* section, const GElf_Shdr& table) {
      if (table.sh_type != table_type || table.sh_entsize == 0) return false;
      Elf_Data* data = elf_getdata(section, nullptr);
      if (data == nullptr) return false;
      auto count = static_cast<int>(std::min<uint64_t>(data->d_size / table.sh_entsize, INT32_MAX));
      for (int i = 0; i < count; ++i) {
        GElf_Sym symbol;
        if (gelf_getsym(data, i, &symbol) == nullptr) break;
        if (symbol.st_shndx == SHN_UNDEF) continue;
        const char* symbol_name = elf_strptr(elf.get(), table.sh_link, symbol.st_name);
        if (symbol_name == nullptr || name != symbol_name) continue;
        found = Symbol{symbol.st_value, symbol.st_size};
        return true;
      }
      return false;
    });
    return found;
  }
};

ElfFile::ElfFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
ElfFile::ElfFile(ElfFile&&) noexcept = default;
ElfFile& ElfFile::operator=(ElfFile&&) noexcept = default;
ElfFile::~ElfFile() = default;

Result<ElfFile> ElfFile::open(const std::string& path) {
  elf_version(EV_CURRENT);
  auto state = std::make_unique<State>();
  state->fd = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!state->fd.valid()) return Failure{fmt::format("cannot open {}: {}", path, errno_text(errno)), errno};
  state->elf.reset(elf_begin(state->fd.get(), ELF_C_READ_MMAP, nullptr));
  return begin(std::move(state), path);
}

Result<ElfFile> ElfFile::from_bytes(std::string bytes) {
  elf_version(EV_CURRENT);
  auto state = std::make_unique<State>();
  state->bytes = std::move(bytes);
  state->elf.reset(elf_memory(state->bytes.data(), state->bytes.size()));
  return begin(std::move(state), "these bytes");
}

Result<ElfFile> ElfFile::begin(std::unique_ptr<State> state, const std::string& name) {
  Elf* elf = state->elf.get();
  if (elf == nullptr || elf_kind(elf) != ELF_K_ELF || gelf_getehdr(elf, &state->header) == nullptr) {
    return Failure{fmt::format("{} is not an ELF file, or is cut short", name)};
  }
  state->has_names = elf_getshdrstrndx(elf, &state->names_index) == 0;
  size_t count = 0;
  if (elf_getphdrnum(elf, &count) != 0) count = 0;
  for (size_t i = 0; i < count; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(elf, static_cast<int>(i), &header) == nullptr) continue;
    Segment segment{header.p_vaddr, header.p_offset, header.p_filesz, header.p_memsz,
                    (header.p_flags & PF_X) != 0};
    if (header.p_type == PT_LOAD) state->segments.push_back(segment);
    if (header.p_type == PT_DYNAMIC) state->dynamic = segment;
  }
  return ElfFile(std::move(state));
}

uint16_t ElfFile::machine() const {
  return state_->header.e_machine;
}
bool ElfFile::is_64_bit() const {
  return state_->header.e_ident[EI_CLASS] == ELFCLASS64;
}
bool ElfFile::is_fixed_position() const {
  return state_->header.e_type == ET_EXEC;
}
const std::vector<ElfFile::Segment>& ElfFile::segments() const {
  return state_->segments;
}

std::optional<ElfFile::Segment> ElfFile::dynamic_segment() const {
  return state_->dynamic;
}

std::optional<ElfFile::Section> ElfFile::section(std::string_view name) const {
  GElf_Shdr header;
  if (state_->find(name, header) == nullptr) return std::nullopt;
  return Section{header.sh_addr, header.sh_offset, header.sh_size, header.sh_type != SHT_NOBITS};
}

std::optional<ElfFile::Symbol> ElfFile::symbol(std::string_view name) const {
  if (auto dynamic = state_->find_symbol(name, SHT_DYNSYM)) return dynamic;
  if (auto local = state_->find_symbol(name, SHT_SYMTAB)) return local;
  return state_->dynamic ? find_dynamic_symbol(*this, *state_->dynamic, name) : std::nullopt;
}

std::optional<std::string> ElfFile::section_bytes(std::string_view name, size_t limit) const {
  GElf_Shdr header;
  Elf_Scn* section = state_->find(name, header);
  if (section == nullptr || header.sh_type == SHT_NOBITS) return std::nullopt;
  Elf_Data* data = elf_rawdata(section, nullptr);
  if (data == nullptr || data->d_buf == nullptr) return std::nullopt;
  return std::string(static_cast<const char*>(data->d_buf), std::min<size_t>(data->d_size, limit));
}

std::optional<std::string> ElfFile::bytes_at(uint64_t address, size_t size) const {
  size_t file_size = 0;
  const char* bytes = elf_rawfile(state_->elf.get(), &file_size);
  if (bytes == nullptr) return std::nullopt;
  for (const Segment& segment : state_->segments) {
    if (address < segment.address || address - segment.address >= segment.file_size) continue;
    uint64_t within = address - segment.address;
    if (size > segment.file_size - within) return std::nullopt;
    uint64_t offset = segment.offset + within;
    if (offset > file_size || size > file_size - offset) return std::nullopt;
    return std::string(bytes + offset, size);
  }
  return std::nullopt;
}

std::string ElfFile::build_id() const {
  const void* id = nullptr;
  ssize_t length = dwelf_elf_gnu_build_id(state_->elf.get(), &id);
  std::string hex;
  for (ssize_t i = 0; i < length; ++i) hex += fmt::format("{:02x}", static_cast<const uint8_t*>(id)[i]);
  return hex;
}

}  // namespace rtprof
