#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "agents/protocol.h"
#include "common/base/fd.h"
#include "common/base/result.h"

namespace rtprof {

// The reading end of the ring that an agent writes (agents/protocol.h). The target can write to it whatever
// it likes at any time: each record is copied before it is looked at, and no number in it is trusted.
class RingReader {
 public:
  // No record is larger.
  static constexpr uint32_t kMostRecordBytes = agents::kMostStackBytes + (48 << 10);

  // `memory` outlives this: the head of the ring and the data after it, as agents::RingHeader says. Writes
  // the head. The data's size is a power of two.
  explicit RingReader(std::span<uint8_t> memory);

  using Use = std::function<void(agents::RecordType, std::span<const uint8_t>)>;
  // Calls `use` with each record that is there, its header included, in the order of their places. False
  // where what is there makes no sense: nothing comes of it any more.
  bool drain(const Use& use);

  // Records for which there was no room.
  uint64_t lost() const;

 private:
  agents::RingHeader& header() const { return *reinterpret_cast<agents::RingHeader*>(memory_.data()); }
  void copy(uint64_t position, std::span<uint8_t> to) const;

  std::span<uint8_t> memory_;
  uint64_t capacity_;
  uint64_t tail_ = 0;  // where the target cannot change it
  bool broken_ = false;
  std::vector<uint8_t> record_;
};

// A ring in memory of its own, which can be shared by descriptors.
class SharedRing {
 public:
  // Of `capacity` bytes of data, a power of two of at least a page. All of the memory is there afterwards, so
  // that none of it is charged to the target, and for good: nobody can make it smaller.
  static Result<SharedRing> make(uint64_t capacity);
  SharedRing(SharedRing&& other) noexcept;
  SharedRing& operator=(SharedRing&&) = delete;
  ~SharedRing();

  int memory() const { return memory_.get(); }
  // Readable when there is more than a little to read.
  int event() const { return event_.get(); }

  // As RingReader's.
  bool drain(const RingReader::Use& use);
  uint64_t lost() const { return reader_.lost(); }

 private:
  SharedRing(UniqueFd memory, UniqueFd event, std::span<uint8_t> mapped)
      : memory_(std::move(memory)), event_(std::move(event)), mapped_(mapped), reader_(mapped) {}

  UniqueFd memory_;
  UniqueFd event_;
  std::span<uint8_t> mapped_;
  RingReader reader_;
};

}  // namespace rtprof
