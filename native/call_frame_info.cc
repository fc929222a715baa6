#include "native/call_frame_info.h"

#include <elf.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <gelf.h>

#include <cstring>
#include <string_view>

#include "common/base/fd.h"

namespace rtprof::native {
namespace {

// An ELF file that has one section only. libdw reads every debugging section of the file it is given, when
// all that is wanted of them is one.
std::string image_of_section(const std::string& name, const GElf_Shdr& header, const Elf_Data& bytes) {
  std::string names = '\0' + name + '\0' + ".shstrtab" + '\0';
  Elf64_Ehdr file{};
  std::memcpy(file.e_ident, ELFMAG, SELFMAG);
  file.e_ident[EI_CLASS] = ELFCLASS64;
  file.e_ident[EI_DATA] = ELFDATA2LSB;
  file.e_ident[EI_VERSION] = EV_CURRENT;
  file.e_type = ET_EXEC;
  file.e_machine = EM_X86_64;
  file.e_version = EV_CURRENT;
  file.e_ehsize = sizeof file;
  file.e_shentsize = sizeof(Elf64_Shdr);
  file.e_shnum = 3;
  file.e_shstrndx = 2;

  std::string image(sizeof file, '\0');
  Elf64_Shdr sections[3] = {};
  sections[1].sh_name = 1;
  sections[1].sh_type = SHT_PROGBITS;
  sections[1].sh_flags = header.sh_flags & SHF_COMPRESSED;
  sections[1].sh_offset = image.size();
  sections[1].sh_size = bytes.d_size;
  sections[1].sh_addralign = header.sh_addralign;
  image.append(static_cast<const char*>(bytes.d_buf), bytes.d_size);
  sections[2].sh_name = static_cast<Elf64_Word>(name.size() + 2);
  sections[2].sh_type = SHT_STRTAB;
  sections[2].sh_offset = image.size();
  sections[2].sh_size = names.size();
  sections[2].sh_addralign = 1;
  image += names;
  image.resize((image.size() + 7) & ~size_t{7});
  file.e_shoff = image.size();
  image.append(reinterpret_cast<const char*>(sections), sizeof sections);
  std::memcpy(image.data(), &file, sizeof file);
  return image;
}

bool is_ours(Elf* elf) {
  GElf_Ehdr header;
  return elf != nullptr && elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &header) != nullptr &&
         header.e_machine == EM_X86_64 && header.e_ident[EI_CLASS] == ELFCLASS64 &&
         header.e_ident[EI_DATA] == ELFDATA2LSB;
}

std::string build_id_of(Elf* elf) {
  const void* id = nullptr;
  ssize_t size = dwelf_elf_gnu_build_id(elf, &id);
  std::string hex;
  for (ssize_t i = 0; i < size; ++i) hex += fmt::format("{:02x}", static_cast<const uint8_t*>(id)[i]);
  return hex;
}

}  // namespace

CallFrameInfo::CallFrameInfo(const Binary& binary) {
  elf_version(EV_CURRENT);
  UniqueFd file;
  if (!binary.image().empty()) {
    elf_.reset(elf_memory(const_cast<char*>(binary.image().data()), binary.image().size()));
  } else if (std::string path = binary.readable_path(); !path.empty()) {
    file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.valid()) elf_.reset(elf_begin(file.get(), ELF_C_READ, nullptr));
  }
  if (!is_ours(elf_.get())) return;
  read(elf_.get());
  if (empty()) read_debug_file(binary);
  if (file.valid()) elf_cntl(elf_.get(), ELF_C_FDDONE);
}

void CallFrameInfo::read(Elf* elf) {
  eh_frame_.reset(dwarf_getcfi_elf(elf));
  read_debug_frame(elf);
}

bool CallFrameInfo::read_debug_frame(Elf* elf) {
  size_t names = 0;
  if (elf_getshdrstrndx(elf, &names) != 0) return false;
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type == SHT_NOBITS) continue;
    const char* name = elf_strptr(elf, names, header.sh_name);
    if (name == nullptr ||
        (name != std::string_view(".debug_frame") && name != std::string_view(".zdebug_frame")))
      continue;
    Elf_Data* bytes = elf_rawdata(section, nullptr);
    if (bytes == nullptr || bytes->d_buf == nullptr) return false;
    debug_image_ = image_of_section(name, header, *bytes);
    debug_elf_.reset(elf_memory(debug_image_.data(), debug_image_.size()));
    debug_dwarf_.reset(dwarf_begin_elf(debug_elf_.get(), DWARF_C_READ, nullptr));
    if (debug_dwarf_ != nullptr) debug_frame_ = dwarf_getcfi(debug_dwarf_.get());
    return debug_frame_ != nullptr;
  }
  return false;
}

void CallFrameInfo::read_debug_file(const Binary& binary) {
  const std::string& id = binary.build_id();
  if (id.size() < 4) return;
  for (const std::string& root : {binary.root(), std::string()}) {
    std::string path =
        fmt::format("{}/usr/lib/debug/.build-id/{}/{}.debug", root, id.substr(0, 2), id.substr(2));
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) continue;
    ElfPointer elf(elf_begin(file.get(), ELF_C_READ, nullptr));
    if (is_ours(elf.get()) && build_id_of(elf.get()) == id && read_debug_frame(elf.get())) return;
  }
}

std::unique_ptr<Dwarf_Frame, CallFrameInfo::FrameDeleter> CallFrameInfo::frame_at(uint64_t address) const {
  Dwarf_Frame* frame = nullptr;
  for (Dwarf_CFI* cfi : {eh_frame_.get(), debug_frame_}) {
    if (cfi != nullptr && dwarf_cfi_addrframe(cfi, address, &frame) == 0)
      return std::unique_ptr<Dwarf_Frame, FrameDeleter>(frame);
  }
  return nullptr;
}

}  // namespace rtprof::native
