#include "native/call_frame_info.h"

#include <elf.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <gelf.h>
#include <libelf.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/fd.h"

namespace rtprof::native {
namespace {

struct Section {
  std::string bytes;
  uint64_t address = 0;
};

// An ELF file of x86-64 code, read and not mapped.
class Image {
 public:
  explicit Image(const std::string& path) : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (file_.valid()) elf_.reset(elf_begin(file_.get(), ELF_C_READ, nullptr));
  }
  // Over bytes that stay the caller's.
  struct InMemory {};
  Image(InMemory, const std::string& bytes)
      : elf_(elf_memory(const_cast<char*>(bytes.data()), bytes.size())) {}

  bool is_ours() const {
    GElf_Ehdr header;
    return elf_ != nullptr && elf_kind(elf_.get()) == ELF_K_ELF &&
           gelf_getehdr(elf_.get(), &header) != nullptr && header.e_machine == EM_X86_64 &&
           header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == ELFDATA2LSB;
  }

  std::string build_id() const {
    const void* id = nullptr;
    ssize_t size = dwelf_elf_gnu_build_id(elf_.get(), &id);
    std::string hex;
    for (ssize_t i = 0; i < size; ++i) hex += fmt::format("{:02x}", static_cast<const uint8_t*>(id)[i]);
    return hex;
  }

  // Uncompressed. Nothing when there is none of that name, or it has no bytes in this file.
  std::optional<Section> section(std::string_view wanted) const {
    size_t names = 0;
    if (elf_getshdrstrndx(elf_.get(), &names) != 0) return std::nullopt;
    Elf_Scn* section = nullptr;
    while ((section = elf_nextscn(elf_.get(), section)) != nullptr) {
      GElf_Shdr header;
      if (gelf_getshdr(section, &header) == nullptr || header.sh_type == SHT_NOBITS) continue;
      const char* name = elf_strptr(elf_.get(), names, header.sh_name);
      if (name == nullptr || name != wanted) continue;
      bool is_compressed = (header.sh_flags & SHF_COMPRESSED) != 0;
      if (is_compressed && elf_compress(section, 0, 0) < 0) return std::nullopt;
      const Elf_Data* data = is_compressed ? elf_getdata(section, nullptr) : elf_rawdata(section, nullptr);
      if (data == nullptr || data->d_buf == nullptr) return std::nullopt;
      return Section{std::string(static_cast<const char*>(data->d_buf), data->d_size), header.sh_addr};
    }
    return std::nullopt;
  }

  // The bytes of a segment of a type, for files that have no section headers.
  std::optional<Section> segment(uint32_t type) const {
    return find_segment([&](const GElf_Phdr& header) { return header.p_type == type; }, 0);
  }
  // From an address on to the end of the loaded segment that holds it.
  std::optional<Section> loaded_from(uint64_t address) const {
    auto holds = [&](const GElf_Phdr& header) {
      return header.p_type == PT_LOAD && address >= header.p_vaddr &&
             address - header.p_vaddr < header.p_filesz;
    };
    return find_segment(holds, address);
  }

 private:
  struct ElfDeleter {
    void operator()(Elf* elf) const { elf_end(elf); }
  };

  template <typename Predicate>
  std::optional<Section> find_segment(Predicate is_wanted, uint64_t from) const {
    size_t count = 0;
    if (elf_getphdrnum(elf_.get(), &count) != 0) return std::nullopt;
    for (size_t i = 0; i < count; ++i) {
      GElf_Phdr header;
      if (gelf_getphdr(elf_.get(), static_cast<int>(i), &header) == nullptr || !is_wanted(header)) continue;
      uint64_t skip = from > header.p_vaddr ? from - header.p_vaddr : 0;
      const Elf_Data* data = elf_getdata_rawchunk(elf_.get(), static_cast<int64_t>(header.p_offset + skip),
                                                  header.p_filesz - skip, ELF_T_BYTE);
      if (data == nullptr || data->d_buf == nullptr) return std::nullopt;
      return Section{std::string(static_cast<const char*>(data->d_buf), data->d_size), header.p_vaddr + skip};
    }
    return std::nullopt;
  }

  UniqueFd file_;
  std::unique_ptr<Elf, ElfDeleter> elf_;  // after what it reads from: destroyed first
};

std::optional<FrameSection> read_eh_frame(const Image& image) {
  auto section = image.section(".eh_frame");
  auto index = image.section(".eh_frame_hdr");
  if (!section) {
    index = image.segment(PT_GNU_EH_FRAME);
    if (!index) return std::nullopt;
    auto address = address_of_eh_frame(index->bytes, index->address);
    if (address) section = image.loaded_from(*address);
    if (!section) return std::nullopt;
  }
  if (!index) index.emplace();
  return FrameSection(FrameSection::Kind::kEhFrame, std::move(section->bytes), section->address,
                      std::move(index->bytes), index->address);
}

std::optional<FrameSection> read_debug_frame(const Image& image) {
  auto section = image.section(".debug_frame");
  if (!section) return std::nullopt;
  return FrameSection(FrameSection::Kind::kDebugFrame, std::move(section->bytes), section->address);
}

std::optional<FrameSection> read_debug_file(const Binary& binary) {
  const std::string& id = binary.build_id();
  if (id.size() < 4) return std::nullopt;
  for (const std::string& root : {binary.root(), std::string()}) {
    Image image(fmt::format("{}/usr/lib/debug/.build-id/{}/{}.debug", root, id.substr(0, 2), id.substr(2)));
    if (!image.is_ours() || image.build_id() != id) continue;
    if (auto section = read_debug_frame(image)) return section;
  }
  return std::nullopt;
}

}  // namespace

CallFrameInfo::CallFrameInfo(const Binary& binary) : binary_(binary) {
  elf_version(EV_CURRENT);
  std::string path = binary.readable_path();
  if (path.empty() && binary.image().empty()) return;
  Image image = path.empty() ? Image(Image::InMemory{}, binary.image()) : Image(path);
  if (!image.is_ours()) return;
  eh_frame_ = read_eh_frame(image);
  debug_frame_ = read_debug_frame(image);
  if (empty()) ask_debug_file();
}

void CallFrameInfo::ask_debug_file() {
  if (!std::exchange(has_asked_debug_file_, true) && !debug_frame_) debug_frame_ = read_debug_file(binary_);
}

std::optional<FrameEntry> CallFrameInfo::find(uint64_t address) {
  if (auto entry = eh_frame_ ? eh_frame_->find(address) : std::nullopt) return entry;
  ask_debug_file();
  return debug_frame_ ? debug_frame_->find(address) : std::nullopt;
}

}  // namespace rtprof::native
