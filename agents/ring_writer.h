#pragma once

#include <atomic>
#include <cstdint>

#include "agents/protocol.h"

namespace rtprof::agents {

// The writing end of the ring that rtprof shares. Any thread may write, in a signal handler too: nothing here
// waits, allocates or takes a lock. errno may change.
class RingWriter {
 public:
  // Takes both descriptors. False where `memory` is no ring that rtprof has made; both are closed then.
  bool open(int memory, int event);
  // When nobody writes any more.
  void close();

  // Room for a record, null where there is none: it is counted as lost. To be filled but for its header's
  // commit, and then committed.
  struct Room {
    RecordHeader* record = nullptr;
    uint64_t position = 0;
  };
  // `size`: a multiple of kRecordAlignment.
  Room reserve(uint32_t size, RecordType type);
  // The reader is woken when there is more than a little to read, or `at_once`.
  void commit(const Room& room, bool at_once = false);
  // Counts a record that was never made as lost.
  void lose() { header_->lost.fetch_add(1, std::memory_order_relaxed); }

 private:
  RingHeader* header_ = nullptr;
  uint8_t* data_ = nullptr;  // mapped twice, so that no record is in two pieces
  uint64_t capacity_ = 0;
  int event_ = -1;
};

}  // namespace rtprof::agents
