#include "native/debug_files.h"

#include <fmt/core.h>
#include <lzma.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "common/base/file.h"

namespace rtprof::native {
namespace {

constexpr std::string_view kDebugDirectory = "/usr/lib/debug";
constexpr size_t kMaxUnpacked = 256 << 20;

// The roots of the file systems to look in.
std::vector<std::string> roots_of(const Binary& binary) {
  if (binary.root().empty()) return {""};
  return {binary.root(), ""};
}

// What .gnu_debuglink says: a file name, padding to four bytes, and the CRC-32 of the file.
struct DebugLink {
  std::string name;
  uint32_t checksum = 0;
};
std::optional<DebugLink> debug_link(const ElfFile& elf) {
  auto section = elf.section_bytes(".gnu_debuglink", 4096);
  if (!section) return std::nullopt;
  size_t length = section->find('\0');
  if (length == std::string::npos || length == 0) return std::nullopt;
  size_t offset = (length + 4) & ~size_t{3};
  DebugLink link;
  link.name = section->substr(0, length);
  if (offset + sizeof link.checksum > section->size() || link.name.find('/') != std::string::npos)
    return std::nullopt;
  std::memcpy(&link.checksum, section->data() + offset, sizeof link.checksum);
  return link;
}

bool has_checksum(int fd, uint32_t expected) {
  uLong checksum = ::crc32(0, nullptr, 0);
  std::array<unsigned char, 1 << 16> buffer;
  off_t offset = 0;
  while (true) {
    ssize_t got = ::pread(fd, buffer.data(), buffer.size(), offset);
    if (got <= 0) return got == 0 && checksum == expected;
    checksum = ::crc32(checksum, buffer.data(), static_cast<uInt>(got));
    offset += got;
  }
}

UniqueFd open_by_link(const Binary& binary, const ElfFile& elf) {
  auto link = debug_link(elf);
  if (!link || !binary.path().starts_with('/')) return UniqueFd();
  std::string directory = binary.path().substr(0, binary.path().rfind('/'));
  for (const std::string& root : roots_of(binary)) {
    for (const std::string& place :
         {directory, directory + "/.debug", std::string(kDebugDirectory) + directory}) {
      UniqueFd fd = open_regular(fmt::format("{}{}/{}", root, place, link->name));
      if (fd.valid() && has_checksum(fd.get(), link->checksum)) return fd;
    }
  }
  return UniqueFd();
}

}  // namespace

UniqueFd open_debug_file_of(const Binary& binary, const std::string& build_id) {
  if (build_id.size() < 4) return UniqueFd();
  for (const std::string& root : roots_of(binary)) {
    UniqueFd fd = open_regular(fmt::format("{}{}/.build-id/{}/{}.debug", root, kDebugDirectory,
                                           build_id.substr(0, 2), build_id.substr(2)));
    if (!fd.valid()) continue;
    auto elf = ElfFile::open(fmt::format("/proc/self/fd/{}", fd.get()));
    if (elf && elf->build_id() == build_id) return fd;
  }
  return UniqueFd();
}

UniqueFd open_debug_file(const Binary& binary, const ElfFile& elf) {
  UniqueFd fd = open_debug_file_of(binary, binary.build_id());
  return fd.valid() ? std::move(fd) : open_by_link(binary, elf);
}

std::optional<std::string> unpack_debug_data(const ElfFile& elf) {
  auto packed = elf.section_bytes(".gnu_debugdata");
  if (!packed) return std::nullopt;
  lzma_stream stream = LZMA_STREAM_INIT;
  if (::lzma_stream_decoder(&stream, kMaxUnpacked, LZMA_CONCATENATED) != LZMA_OK) return std::nullopt;
  stream.next_in = reinterpret_cast<const uint8_t*>(packed->data());
  stream.avail_in = packed->size();
  std::string unpacked;
  lzma_ret result = LZMA_OK;
  while (result == LZMA_OK && unpacked.size() < kMaxUnpacked) {
    size_t before = unpacked.size();
    unpacked.resize(std::clamp<size_t>(2 * before, 1 << 16, kMaxUnpacked));
    stream.next_out = reinterpret_cast<uint8_t*>(unpacked.data() + before);
    stream.avail_out = unpacked.size() - before;
    result = ::lzma_code(&stream, LZMA_FINISH);
    unpacked.resize(unpacked.size() - stream.avail_out);
  }
  ::lzma_end(&stream);
  if (result != LZMA_STREAM_END) return std::nullopt;
  return unpacked;
}

}  // namespace rtprof::native
