#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/result.h"
#include "kernel/perf_ring.h"

namespace rtprof::kernel {

// A ring for each CPU, which all events of that CPU share, and their merged reading.
//
// Each ring belongs to an event of its own that counts nothing and is bound to the thread that opens the
// rings, so that it stays whatever becomes of the targets. They end when that thread does.
class PerfRings {
 public:
  // Rings of `bytes` each, a power of two, or of less when less may be locked: halved until they fit, down to
  // `least`. CPUs that cannot be had (just taken offline) get none. ENOMEM: not even `least` fits.
  static Result<PerfRings> open(std::span<const int> cpus, size_t bytes, size_t least);

  size_t ring_bytes() const { return ring_bytes_; }
  std::vector<int> cpus() const;
  // The event that owns the ring of that CPU; -1 when it has none.
  int ring_fd(int cpu) const;
  // Readable when some ring has filled by another quarter since the last drain().
  int fd() const { return epoll_.get(); }
  uint64_t unreadable_bytes() const;
  // PerfRing::reference_cycles_per_nanosecond() of any.
  std::optional<double> reference_cycles_per_nanosecond() const;

  // Calls on_record(words) for all records that were complete at the call, merged by their times. The words
  // are valid during the call of on_record.
  //
  // What happened before another thing in the target comes before it: a thread's records, though it moves
  // between CPUs; code that is mapped by one thread and run by another. Unrelated records of different CPUs
  // may be out of order by as much as the kernel took to write one.
  //
  // on_gap(cpu, true): from here on a ring may have had no room, until on_gap(cpu, false). The kernel says
  // what it lost only when it writes there again, which can be after much that other CPUs wrote.
  template <typename OnRecord, typename OnGap>
  void drain(OnRecord on_record, OnGap on_gap);

 private:
  struct Entry {
    int cpu;
    UniqueFd event;
    PerfRing ring;
    uint64_t must = 0;                       // records that begin before this are delivered
    uint64_t may = 0;                        // these, when they come before one of those
    uint64_t drained = 0;                    // up to here when the last drain began
    std::optional<uint64_t> gap_begin = {};  // since then it may have had no room from here on
    bool gap = false;                        // on_gap() has told so
  };
  // For the records of a context switch and of a loss. Longer ones that find no room are followed by such,
  // which tell of it at once.
  static constexpr uint64_t kRoom = 256;
  struct Front {
    TimePoint time;
    size_t entry;
  };

  PerfRings() = default;
  Result<bool> map(std::span<const int> cpus, size_t bytes);
  Result<bool> watch();
  void begin_drain();
  void note_gap(Entry& entry);
  template <typename OnGap>
  void tell_gap(Entry& entry, OnGap& on_gap);
  // Adds the entry's next record to the fronts; nothing when it has none that is complete.
  void push_front(size_t entry);
  // Takes the earliest front away.
  size_t pop_front();

  std::vector<Entry> entries_;
  size_t ring_bytes_ = 0;
  UniqueFd epoll_;
  std::vector<Front> fronts_;  // a heap, earliest first
  size_t owing_ = 0;           // entries with records that must be delivered
};

template <typename OnGap>
void PerfRings::tell_gap(Entry& entry, OnGap& on_gap) {
  bool gap = entry.gap_begin && entry.ring.position() >= *entry.gap_begin;
  if (gap != entry.gap) on_gap(entry.cpu, gap);
  entry.gap = gap;
}

template <typename OnRecord, typename OnGap>
void PerfRings::drain(OnRecord on_record, OnGap on_gap) {
  begin_drain();
  for (Entry& entry : entries_) tell_gap(entry, on_gap);
  while (owing_ > 0 && !fronts_.empty()) {
    size_t index = pop_front();
    Entry& entry = entries_[index];
    bool owed = entry.ring.position() < entry.must;
    on_record(entry.ring.front(entry.may));
    entry.ring.consume();
    tell_gap(entry, on_gap);
    if (owed && entry.ring.position() >= entry.must) --owing_;
    push_front(index);
  }
  fronts_.clear();
}

}  // namespace rtprof::kernel
