#include "native/perf_map.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "common/base/file.h"

namespace rtprof::native {
namespace {

constexpr Nanoseconds kRefreshPeriod = 100 * kMillisecond;
constexpr uint64_t kMaxFile = 256 << 20;
constexpr size_t kChunk = 1 << 18;
constexpr size_t kMaxName = 1 << 12;

// A hexadecimal number, "0x" in front of it or not, and the blank behind it.
std::optional<uint64_t> take_number(std::string_view& line) {
  if (line.starts_with("0x") || line.starts_with("0X")) line.remove_prefix(2);
  uint64_t value = 0;
  auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value, 16);
  line.remove_prefix(static_cast<size_t>(end - line.data()));
  if (error != std::errc() || !line.starts_with(' ')) return std::nullopt;
  line.remove_prefix(1);
  return value;
}

}  // namespace

size_t PerfMapEntries::add(std::string_view text) {
  size_t used = 0;
  while (true) {
    size_t end = text.find('\n', used);
    if (end == std::string_view::npos) return used;
    add_line(text.substr(used, end - used));
    used = end + 1;
  }
}

void PerfMapEntries::add_line(std::string_view line) {
  auto start = take_number(line);
  auto size = start ? take_number(line) : std::nullopt;
  if (!size || *size == 0 || *size > UINT64_MAX - *start || line.empty()) return;
  line = line.substr(0, kMaxName);
  if (names_.size() + line.size() > UINT32_MAX) return;
  uint64_t end = *start + *size;
  auto overlapped = entries_.upper_bound(*start);
  if (overlapped != entries_.begin() && std::prev(overlapped)->second.end > *start) --overlapped;
  while (overlapped != entries_.end() && overlapped->first < end) overlapped = entries_.erase(overlapped);
  entries_[*start] = {end, static_cast<uint32_t>(names_.size()), static_cast<uint32_t>(line.size())};
  names_ += line;
}

std::optional<std::string_view> PerfMapEntries::find(uint64_t address) const {
  auto after = entries_.upper_bound(address);
  if (after == entries_.begin()) return std::nullopt;
  const Entry& entry = std::prev(after)->second;
  if (address >= entry.end) return std::nullopt;
  return std::string_view(names_).substr(entry.name, entry.length);
}

PerfMap::PerfMap(const Process& process)
    : path_(process.path_in_root(fmt::format("/tmp/perf-{}.map", process.ns_pid()))),
      owner_(process.effective_uid()) {}

bool PerfMap::refresh() {
  TimePoint now = monotonic_now();
  if (looked_ != 0 && now - looked_ < kRefreshPeriod) return false;
  looked_ = now;
  UniqueFd fd = open_regular(path_, O_NOFOLLOW);
  struct stat file {};
  if (!fd.valid() || ::fstat(fd.get(), &file) != 0) return false;
  if (file.st_uid != owner_ && file.st_uid != 0) return false;
  return read(fd.get(), file);
}

bool PerfMap::read(int fd, const struct stat& file) {
  auto size = static_cast<uint64_t>(file.st_size);
  bool is_same = file.st_dev == device_ && file.st_ino == inode_;
  bool is_unchanged = is_same && size == size_ && file.st_mtim.tv_sec == modified_.tv_sec &&
                      file.st_mtim.tv_nsec == modified_.tv_nsec;
  if (is_unchanged) return false;
  // A file that did not grow was written anew.
  if (!is_same || size <= size_) {
    entries_ = {};
    read_ = 0;
  }
  device_ = file.st_dev;
  inode_ = file.st_ino;
  size_ = size;
  modified_ = file.st_mtim;
  std::vector<char> buffer(kChunk);
  while (read_ < kMaxFile) {
    ssize_t got = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(read_));
    if (got <= 0) break;
    size_t used = entries_.add({buffer.data(), static_cast<size_t>(got)});
    if (used == 0) break;
    read_ += used;
  }
  return true;
}

}  // namespace rtprof::native
