#include "common/agent/ring_reader.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace rtprof {

using agents::kRingData;
using agents::RecordHeader;

RingReader::RingReader(std::span<uint8_t> memory) : memory_(memory), capacity_(memory.size() - kRingData) {
  auto* header = new (memory.data()) agents::RingHeader{};
  header->magic = agents::kMagic;
  header->protocol = agents::kProtocol;
  header->capacity = capacity_;
}

void RingReader::copy(uint64_t position, std::span<uint8_t> to) const {
  const uint8_t* data = memory_.data() + kRingData;
  uint64_t at = position & (capacity_ - 1);
  size_t first = std::min<uint64_t>(to.size(), capacity_ - at);
  std::memcpy(to.data(), data + at, first);
  std::memcpy(to.data() + first, data, to.size() - first);
}

bool RingReader::drain(const Use& use) {
  header().waking.store(0);
  uint64_t head = header().head.load(std::memory_order_acquire);
  if (head - tail_ > capacity_) broken_ = true;
  while (!broken_ && head - tail_ >= sizeof(RecordHeader)) {
    // A record's header is in one piece, since positions are multiples of its alignment.
    uint8_t* place = memory_.data() + kRingData + (tail_ & (capacity_ - 1));
    auto& commit = *reinterpret_cast<std::atomic<uint64_t>*>(place);
    if (commit.load(std::memory_order_acquire) != tail_ + 1) break;
    struct {
      uint64_t commit;
      uint32_t size;
      agents::RecordType type;
    } found;
    static_assert(sizeof found == sizeof(RecordHeader));
    copy(tail_, std::span(reinterpret_cast<uint8_t*>(&found), sizeof found));
    broken_ = found.size < sizeof found || found.size % agents::kRecordAlignment != 0 ||
              found.size > kMostRecordBytes || found.size > head - tail_;
    if (broken_) break;
    record_.resize(found.size);
    copy(tail_, record_);
    tail_ += found.size;
    header().tail.store(tail_, std::memory_order_release);
    use(found.type, record_);
  }
  return !broken_;
}

uint64_t RingReader::lost() const {
  return header().lost.load(std::memory_order_relaxed);
}

Result<SharedRing> SharedRing::make(uint64_t capacity) {
  auto failure = [] { return Failure{"cannot make a ring in shared memory", errno}; };
  UniqueFd memory(::memfd_create("rtprof", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  size_t size = kRingData + capacity;
  bool is_there = memory.valid() && event.valid() &&
                  ::fallocate(memory.get(), 0, 0, static_cast<off_t>(size)) == 0 &&
                  ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
  if (!is_there) return failure();
  void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (mapped == MAP_FAILED) return failure();
  return SharedRing(std::move(memory), std::move(event), {static_cast<uint8_t*>(mapped), size});
}

SharedRing::SharedRing(SharedRing&& other) noexcept
    : memory_(std::move(other.memory_)),
      event_(std::move(other.event_)),
      mapped_(std::exchange(other.mapped_, {})),
      reader_(std::move(other.reader_)) {}

SharedRing::~SharedRing() {
  if (!mapped_.empty()) ::munmap(mapped_.data(), mapped_.size());
}

bool SharedRing::drain(const RingReader::Use& use) {
  uint64_t count = 0;
  [[maybe_unused]] ssize_t got = ::read(event_.get(), &count, sizeof count);
  return reader_.drain(use);
}

}  // namespace rtprof
