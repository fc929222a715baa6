#include "native/binary.h"

#include <fcntl.h>
#include <fmt/core.h>

#include <cerrno>
#include <cstring>

namespace rtprof::native {
namespace {

std::string last_part(const std::string& path) {
  constexpr std::string_view kDeleted = " (deleted)";
  std::string name = path.substr(path.rfind('/') + 1);
  if (name.ends_with(kDeleted)) name.resize(name.size() - kDeleted.size());
  return name;
}

}  // namespace

Binary::Binary(const Process& process, const Mapping& mapping)
    : path_(mapping.path), name_(last_part(mapping.path)), root_(process.directory() + "/root") {
  file_.reset(::open(process.path_of(mapping).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file_.valid()) open_error_ = errno;
  read_identity();
}

Binary::Binary(std::string name, std::string image)
    : path_(name), name_(std::move(name)), image_(std::move(image)) {
  read_identity();
}

void Binary::read_identity() {
  auto elf = open_elf();
  if (!elf) return;
  build_id_ = elf->build_id();
  segments_ = elf->segments();
}

std::optional<uint64_t> Binary::address_of_offset(uint64_t offset) const {
  for (const ElfFile::Segment& segment : segments_) {
    if (segment.executable && offset >= segment.offset && offset - segment.offset < segment.file_size)
      return segment.address + (offset - segment.offset);
  }
  return std::nullopt;
}

std::string Binary::readable_path() const {
  return file_.valid() ? fmt::format("/proc/self/fd/{}", file_.get()) : std::string();
}

Result<ElfFile> Binary::open_elf() const {
  if (!image_.empty()) return ElfFile::from_bytes(image_);
  if (!file_.valid())
    return Failure{fmt::format("cannot open {}: {}", path_, std::strerror(open_error_)), open_error_};
  return ElfFile::open(readable_path());
}

std::shared_ptr<const Binary> BinaryCache::file(const Process& process, const Mapping& mapping) {
  std::lock_guard lock(mutex_);
  auto& binary = files_[{mapping.device, mapping.inode}];
  if (!binary) binary = std::make_shared<const Binary>(process, mapping);
  return binary;
}

std::shared_ptr<const Binary> BinaryCache::vdso(const Process& process, const Mapping& mapping) {
  std::lock_guard lock(mutex_);
  if (vdso_) return vdso_;
  std::string image(mapping.size(), '\0');
  if (!process.memory().read(mapping.start, image.data(), image.size())) return nullptr;
  vdso_ = std::make_shared<const Binary>("[vdso]", std::move(image));
  return vdso_;
}

}  // namespace rtprof::native
