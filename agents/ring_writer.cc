#include "agents/ring_writer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace rtprof::agents {
namespace {

constexpr uint64_t kMostCapacity = 1 << 30;

bool is_power_of_two(uint64_t number) {
  return number != 0 && (number & (number - 1)) == 0;
}

uint8_t* map_twice(int memory, uint64_t capacity) {
  void* room = ::mmap(nullptr, 2 * capacity, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return nullptr;
  auto* begin = static_cast<uint8_t*>(room);
  for (int i = 0; i < 2; ++i) {
    void* part = ::mmap(begin + static_cast<uint64_t>(i) * capacity, capacity, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_FIXED, memory, static_cast<off_t>(kRingData));
    if (part != MAP_FAILED) continue;
    ::munmap(room, 2 * capacity);
    return nullptr;
  }
  return begin;
}

}  // namespace

bool RingWriter::open(int memory, int event) {
  event_ = event;
  void* head = ::mmap(nullptr, kRingData, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  if (head != MAP_FAILED) header_ = static_cast<RingHeader*>(head);
  // A shorter file would be fatal to touch.
  off_t size = ::lseek(memory, 0, SEEK_END);
  int seals = ::fcntl(memory, F_GET_SEALS);
  bool fits = header_ != nullptr && seals >= 0 && (seals & F_SEAL_SHRINK) != 0 &&
              size >= static_cast<off_t>(kRingData) && header_->magic == kMagic &&
              header_->protocol == kProtocol;
  uint64_t capacity = fits ? header_->capacity : 0;
  fits = is_power_of_two(capacity) && capacity >= kRingData && capacity <= kMostCapacity &&
         static_cast<uint64_t>(size) >= kRingData + capacity;
  if (fits) {
    capacity_ = capacity;
    data_ = map_twice(memory, capacity_);
  }
  ::close(memory);
  if (data_ == nullptr) close();
  return data_ != nullptr;
}

void RingWriter::close() {
  if (data_ != nullptr) ::munmap(data_, 2 * capacity_);
  if (header_ != nullptr) ::munmap(header_, kRingData);
  if (event_ >= 0) ::close(event_);
  *this = RingWriter();
}

RingWriter::Room RingWriter::reserve(uint32_t size, RecordType type) {
  uint64_t position = header_->head.load(std::memory_order_relaxed);
  do {
    // Less than nothing where others have gone on since, which the exchange notices.
    uint64_t tail = header_->tail.load(std::memory_order_acquire);
    if (static_cast<int64_t>(position + size - tail) > static_cast<int64_t>(capacity_)) {
      header_->lost.fetch_add(1, std::memory_order_relaxed);
      return {};
    }
  } while (!header_->head.compare_exchange_weak(position, position + size, std::memory_order_relaxed));
  auto* record = reinterpret_cast<RecordHeader*>(data_ + (position & (capacity_ - 1)));
  record->size = size;
  record->type = type;
  return {record, position};
}

void RingWriter::commit(const Room& room, bool at_once) {
  uint32_t size = room.record->size;
  room.record->commit.store(room.position + 1, std::memory_order_release);
  uint64_t used = room.position + size - header_->tail.load(std::memory_order_relaxed);
  if (!at_once && room.position != 0 && used < capacity_ / 4) return;
  if (header_->waking.exchange(1, std::memory_order_relaxed) != 0) return;
  uint64_t one = 1;
  [[maybe_unused]] ssize_t written = ::write(event_, &one, sizeof one);
}

}  // namespace rtprof::agents
