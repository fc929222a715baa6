#include "kernel/perf_ring.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/error.h"

namespace rtprof::kernel {

Result<PerfRing> PerfRing::map(int fd, size_t bytes) {
  auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  // Writable, so that the kernel waits for the reader instead of writing over what was not read.
  void* memory = ::mmap(nullptr, page + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return Failure{"mapping a perf ring: " + errno_text(errno), errno};
  PerfRing ring;
  ring.page_ = static_cast<perf_event_mmap_page*>(memory);
  ring.data_ = static_cast<const uint8_t*>(memory) + page;
  ring.bytes_ = bytes;
  ring.position_ = ring.page_->data_tail;
  return ring;
}

PerfRing& PerfRing::operator=(PerfRing&& other) noexcept {
  std::swap(page_, other.page_);
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(position_, other.position_);
  std::swap(front_bytes_, other.front_bytes_);
  std::swap(unreadable_, other.unreadable_);
  std::swap(joined_, other.joined_);
  return *this;
}

PerfRing::~PerfRing() {
  if (page_ == nullptr) return;
  ::munmap(page_, static_cast<size_t>(data_ - reinterpret_cast<const uint8_t*>(page_)) + bytes_);
}

uint64_t PerfRing::written() const {
  // Acquire: the records below the head are seen whole (the memory barriers of linux/perf_event.h).
  return __atomic_load_n(&page_->data_head, __ATOMIC_ACQUIRE);
}

std::span<const uint64_t> PerfRing::front(uint64_t end) {
  if (position_ >= end) return {};
  uint64_t offset = position_ & (bytes_ - 1);
  // Headers do not go around the end: they are a word, and all records are words.
  perf_event_header header{};
  if (end - position_ >= sizeof header) std::memcpy(&header, data_ + offset, sizeof header);
  front_bytes_ = header.size;
  if (header.size < sizeof header || header.size % sizeof(uint64_t) != 0 || header.size > end - position_) {
    front_bytes_ = end - position_;
    unreadable_ += front_bytes_;
    consume();
    return {};
  }
  size_t words = header.size / sizeof(uint64_t);
  size_t before_end = bytes_ - offset;
  if (header.size <= before_end) return {reinterpret_cast<const uint64_t*>(data_ + offset), words};
  joined_.resize(words);
  std::memcpy(joined_.data(), data_ + offset, before_end);
  std::memcpy(reinterpret_cast<uint8_t*>(joined_.data()) + before_end, data_, header.size - before_end);
  return joined_;
}

std::optional<double> PerfRing::reference_cycles_per_nanosecond() const {
  // Nanoseconds are cycles * time_mult >> time_shift.
  if (page_->cap_user_time == 0 || page_->time_mult == 0 || page_->time_shift > 63) return std::nullopt;
  return static_cast<double>(uint64_t{1} << page_->time_shift) / page_->time_mult;
}

void PerfRing::consume() {
  position_ += front_bytes_;
  front_bytes_ = 0;
  // Release: what was read of the records was read before the kernel may write over it.
  __atomic_store_n(&page_->data_tail, position_, __ATOMIC_RELEASE);
}

}  // namespace rtprof::kernel
