#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace rtprof::kernel {

// Memory that the kernel writes records to, one after the other and around, until the reader is a ring's
// length behind; then it drops them and says how many. One reader.
//
// Positions count bytes since the ring was made and never wrap.
class PerfRing {
 public:
  // Maps the ring of a perf event, or of a file of the same form. `bytes` is a power of two, a page or more.
  // EPERM: more memory than may be locked.
  static Result<PerfRing> map(int fd, size_t bytes);

  PerfRing(PerfRing&& other) noexcept { *this = std::move(other); }
  PerfRing& operator=(PerfRing&& other) noexcept;
  PerfRing(const PerfRing&) = delete;
  PerfRing& operator=(const PerfRing&) = delete;
  ~PerfRing();

  size_t bytes() const { return bytes_; }
  // Up to where records are complete now.
  uint64_t written() const;
  // Up to where they were consumed.
  uint64_t position() const { return position_; }

  // The record at position(), header first; empty when none begins before `end`, a value of written(). Valid
  // until consume(). What is no record makes all up to `end` unreadable: it is skipped and counted.
  std::span<const uint64_t> front(uint64_t end);
  // Gives the front record's place back to the kernel.
  void consume();
  uint64_t unreadable_bytes() const { return unreadable_; }

  // The rate of the processor's time-stamp counter; nothing where the kernel does not trust it.
  std::optional<double> reference_cycles_per_nanosecond() const;

 private:
  PerfRing() = default;

  perf_event_mmap_page* page_ = nullptr;
  const uint8_t* data_ = nullptr;
  size_t bytes_ = 0;
  uint64_t position_ = 0;
  size_t front_bytes_ = 0;
  uint64_t unreadable_ = 0;
  std::vector<uint64_t> joined_;  // a record that goes around the ring's end, in one piece
};

}  // namespace rtprof::kernel
