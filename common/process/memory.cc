#include "common/process/memory.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace rtprof {
namespace {

// The kernel takes up to IOV_MAX (1024) ranges; 64 keep the arrays on the stack and the call already
// amortised.
constexpr size_t kRangesPerCall = 64;

thread_local int last_read_error = 0;

}  // namespace

std::optional<std::vector<uint8_t>> Memory::bytes(Address address, size_t size, size_t limit) const {
  if (size > limit) return std::nullopt;
  std::vector<uint8_t> content(size);
  if (size != 0 && !read(address, content.data(), size)) return std::nullopt;
  return content;
}

std::optional<std::string> Memory::c_string(Address address, size_t limit) const {
  constexpr Address kPage = 4096;
  std::string text;
  while (text.size() < limit) {
    // Never across a page at once: the string may end right before one that is not there.
    size_t step = std::min<size_t>({limit - text.size(), 64, kPage - address % kPage});
    std::array<char, 64> part;
    if (!read(address, part.data(), step)) return std::nullopt;
    char* end = std::find(part.data(), part.data() + step, '\0');
    text.append(part.data(), end);
    if (end != part.data() + step) return text;
    address += step;
  }
  return text;
}

int RemoteMemory::last_error() {
  return last_read_error;
}

bool RemoteMemory::read(Address address, void* destination, size_t size) const {
  iovec local{destination, size};
  iovec remote{reinterpret_cast<void*>(address), size};  // NOLINT(performance-no-int-to-ptr)
  ssize_t got = ::process_vm_readv(pid_, &local, 1, &remote, 1, 0);
  if (got == static_cast<ssize_t>(size)) return true;
  last_read_error = got < 0 ? errno : EFAULT;
  return false;
}

size_t RemoteMemory::read_batch(std::span<const MemoryRange> ranges) const {
  std::array<iovec, kRangesPerCall> local;
  std::array<iovec, kRangesPerCall> remote;
  size_t done = 0;
  while (done < ranges.size()) {
    size_t count = std::min(ranges.size() - done, kRangesPerCall);
    for (size_t i = 0; i < count; ++i) {
      const MemoryRange& range = ranges[done + i];
      local[i] = {range.destination, range.size};
      remote[i] = {reinterpret_cast<void*>(range.address), range.size};  // NOLINT(performance-no-int-to-ptr)
    }
    ssize_t got = ::process_vm_readv(pid_, local.data(), count, remote.data(), count, 0);
    if (got < 0) {
      last_read_error = errno;
      return done;
    }
    auto left = static_cast<size_t>(got);
    size_t whole = 0;
    while (whole < count && left >= local[whole].iov_len) left -= local[whole++].iov_len;
    done += whole;
    if (whole < count) {
      last_read_error = EFAULT;
      return done;
    }
  }
  return done;
}

}  // namespace rtprof
