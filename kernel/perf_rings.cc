#include "kernel/perf_rings.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/base/error.h"
#include "kernel/perf_attributes.h"
#include "kernel/perf_event.h"
#include "kernel/perf_records.h"

namespace rtprof::kernel {

Result<PerfRings> PerfRings::open(std::span<const int> cpus, size_t bytes, size_t least) {
  PerfRings rings;
  for (;; bytes /= 2) {
    auto mapped = rings.map(cpus, bytes);
    if (mapped) break;
    if (mapped.failure().error != ENOMEM || bytes / 2 < least) return mapped.failure();
  }
  rings.ring_bytes_ = bytes;
  if (auto watched = rings.watch(); !watched) return watched.failure();
  return rings;
}

Result<bool> PerfRings::map(std::span<const int> cpus, size_t bytes) {
  entries_.clear();
  perf_event_attr attributes = ring_attributes(static_cast<uint32_t>(bytes / 4));
  for (int cpu : cpus) {
    auto event = open_perf_event(attributes, 0, cpu);
    if (!event && event.failure().error == ENODEV) continue;
    if (!event) return event.failure();
    auto ring = PerfRing::map(event->get(), bytes);
    // EPERM of the event's memory, which a smaller ring cures, is another matter than EPERM of the event.
    if (!ring)
      return Failure{ring.failure().message, ring.failure().error == EPERM ? ENOMEM : ring.failure().error};
    entries_.push_back({cpu, std::move(*event), std::move(*ring)});
  }
  if (entries_.empty()) return Failure{"no CPU has perf events", ENODEV};
  return true;
}

Result<bool> PerfRings::watch() {
  epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid()) return Failure{"epoll_create1: " + errno_text(errno), errno};
  for (const Entry& entry : entries_) {
    epoll_event interest{};
    // By edges: the kernel tells each quarter once, and that an event has ended for ever.
    interest.events = EPOLLIN | EPOLLET;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, entry.event.get(), &interest) != 0) {
      return Failure{"epoll_ctl: " + errno_text(errno), errno};
    }
  }
  return true;
}

std::vector<int> PerfRings::cpus() const {
  std::vector<int> cpus;
  for (const Entry& entry : entries_) cpus.push_back(entry.cpu);
  return cpus;
}

int PerfRings::ring_fd(int cpu) const {
  auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.cpu == cpu; });
  return found == entries_.end() ? -1 : found->event.get();
}

uint64_t PerfRings::unreadable_bytes() const {
  uint64_t sum = 0;
  for (const Entry& entry : entries_) sum += entry.ring.unreadable_bytes();
  return sum;
}

std::optional<double> PerfRings::reference_cycles_per_nanosecond() const {
  return entries_.front().ring.reference_cycles_per_nanosecond();
}

void PerfRings::begin_drain() {
  // Before the rings are looked at: what comes afterwards wakes again.
  std::array<epoll_event, 64> ignored{};
  while (::epoll_wait(epoll_.get(), ignored.data(), ignored.size(), 0) == static_cast<int>(ignored.size())) {
  }
  // A record that is seen in the first round and one that happened before it, on another CPU: the second is
  // complete by the second round, since it was when the first was written. Records that only the second round
  // sees are delivered no further than up to the last of the first, whose predecessors are all there.
  for (Entry& entry : entries_) entry.must = entry.ring.written();
  owing_ = 0;
  for (size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    entry.may = entry.ring.written();
    if (entry.ring.position() < entry.must) ++owing_;
    push_front(i);
  }
  for (Entry& entry : entries_) note_gap(entry);
}

// After all rings were looked at, so that what any of them lost before a record that is delivered is noted.
// The last drain gave room back no earlier than it began: where there was none since, the ring was full from
// there.
void PerfRings::note_gap(Entry& entry) {
  uint64_t begin = entry.drained + entry.ring.bytes() - kRoom;
  entry.gap_begin = entry.ring.written() >= begin ? std::optional(begin) : std::nullopt;
  entry.drained = entry.ring.position();
}

void PerfRings::push_front(size_t index) {
  Entry& entry = entries_[index];
  bool owed = entry.ring.position() < entry.must;
  auto record = entry.ring.front(entry.may);
  if (record.empty()) {
    // Unreadable bytes were skipped.
    if (owed) --owing_;
    return;
  }
  fronts_.push_back({time_of_perf_record(record), index});
  std::push_heap(fronts_.begin(), fronts_.end(),
                 [](const Front& a, const Front& b) { return a.time > b.time; });
}

size_t PerfRings::pop_front() {
  std::pop_heap(fronts_.begin(), fronts_.end(),
                [](const Front& a, const Front& b) { return a.time > b.time; });
  size_t entry = fronts_.back().entry;
  fronts_.pop_back();
  return entry;
}

}  // namespace rtprof::kernel
