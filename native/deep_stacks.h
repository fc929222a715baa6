#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/process/memory.h"
#include "common/process/procfs.h"
#include "common/process/stack_snapshot.h"

namespace rtprof::native {

// What DeepStacks needs of time; another in tests.
struct ReadingClock {
  std::function<TimePoint()> now = monotonic_now;
  std::function<void()> rest = [] { std::this_thread::sleep_for(std::chrono::microseconds(100)); };
};

// What lies rootward of the bytes that were copied of a stack, read from the target's memory afterwards,
// where it can be shown to be what it was at the snapshot; the stacks of one process.
//
// A frame's return address and the registers that it saved stay as they are until it returns. So the memory
// rootward of a copy is what it was, as far as callers go, if no frame there has returned since. Nothing
// tells of returns, but two things show them:
//
// A frame that returned and was called again has left other bytes. The last kEndBytes of the copy have to be
// in memory still, byte by byte, both before and after what is rootward of them is read: one system call
// reads all of it, in this order.
//
// A frame that returned and was not called again lies there until something is written over it, while other
// frames may be rootward of it by now. One that is on its way down again writes there soon: the end has to be
// there after a rest, too. And a thread that stays rootward is met there, sooner or later: none of its last
// kWindow snapshots, of kFewest at the least, may have been rootward of where the end begins.
//
// What none of these shows: a thread that goes rootward too seldom to be met there and loses its CPU there,
// and one that is back in frames of which every byte is the same, called from elsewhere. Its callers are
// those of a moment some 0.1 s away then. A thread that runs on several stacks may be taken for one that goes
// rootward.
//
// Lives on the thread that samples.
class DeepStacks {
 public:
  static constexpr size_t kEndBytes = 2048;
  static constexpr uint32_t kFewest = 4;
  static constexpr uint32_t kWindow = 64;
  // More of a stack than this is not read,
  static constexpr size_t kMostBytes = 1 << 20;
  // nor more of all stacks within kLife, for which a reading serves all snapshots that it fits.
  static constexpr size_t kMostBytesAtOnce = 16 << 20;
  static constexpr Nanoseconds kLife = 50 * kMillisecond;

  // `memory` outlives this. `mappings` tells what the process has mapped now.
  DeepStacks(const Memory& memory, std::function<std::vector<Mapping>()> mappings, ReadingClock clock = {})
      : memory_(memory), mappings_of_process_(std::move(mappings)), clock_(std::move(clock)) {}

  // Each snapshot is told, in the order of time for each thread.
  void met(const StackSnapshot& snapshot);

  // The bytes that follow those of the last snapshot met, up to the end of the stack's mapping or kMostBytes;
  // empty where they cannot be told. Valid until the next call.
  std::span<const uint8_t> beyond(const StackSnapshot& snapshot);

 private:
  // Where a thread's stack pointer was most rootward.
  struct Extent {
    Address now = 0;     // in the window that is being filled
    Address before = 0;  // and in the one before
    uint32_t count = 0;  // of the snapshots in the first
    bool has_before = false;
  };
  // A stretch of memory, of which the beginning was read again at once and a while later.
  struct Reading {
    Address start = 0;
    std::vector<uint8_t> bytes;
    std::array<std::vector<uint8_t>, 2> again;
    // Of the end that it was made for, which is the end of what was read again.
    bool end_unchanged = false;

    bool covers(Address address, size_t size) const {
      return address >= start && address - start + size <= bytes.size();
    }
  };

  bool is_steady(const StackSnapshot& snapshot, Address end) const;
  Reading* reading_of(Address end);
  bool read(Reading& reading) const;
  const Mapping* mapping_of(Address address);
  static bool shows(const Reading& reading, std::span<const uint8_t> end, Address address);

  const Memory& memory_;
  std::function<std::vector<Mapping>()> mappings_of_process_;
  ReadingClock clock_;
  std::unordered_map<pid_t, Extent> extents_;
  // Of the last kLife:
  TimePoint since_ = 0;
  size_t bytes_read_ = 0;
  bool looked_at_mappings_ = false;
  std::vector<Reading> readings_;
  std::vector<Mapping> mappings_;
};

}  // namespace rtprof::native
