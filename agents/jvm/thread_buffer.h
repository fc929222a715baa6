#pragma once

#include <cstdint>

#include "agents/jvm/allocated.h"
#include "agents/jvm/protocol.h"
#include "agents/jvm/sampling_account.h"

namespace rtprof::agents::jvm {

// What HotSpot says of the buffer (TLAB) in which a thread allocates, and what of it is changed for moments.
// On the thread itself.
class ThreadBuffer {
 public:
  ThreadBuffer() = default;
  ThreadBuffer(uint64_t seed, uint64_t interval) : account_(seed, interval), interval_(interval) {}

  // HotSpot is about to give the thread another buffer, or to put an object outside: the next one ends where
  // a sample is due. What is left in the one that it has is given up rather than kept for smaller objects,
  // which nothing would be told of, unless that is much.
  void limit_next(uint8_t* thread, const AllocationTraces& traces) {
    give_back(thread, traces);
    volatile uint64_t& desired = word_at(thread, traces.desired_words);
    volatile uint64_t& waste = word_at(thread, traces.waste_words);
    desired_ = desired;
    waste_ = waste;
    uint64_t drawn = (account_.draw_next() + traces.buffer_reserve) / kWordBytes;
    limit_ = drawn < desired_ ? drawn : desired_;
    waste_limit_ = interval_ / kMostWaste / kWordBytes;
    if (waste_limit_ < waste_) waste_limit_ = waste_;
    desired = limit_;
    waste = waste_limit_;
    is_limited_ = true;
  }

  // It has done so, or another object has come between: what it wanted itself is in its place again, unless
  // it wants something else by now.
  void give_back(uint8_t* thread, const AllocationTraces& traces) {
    if (!is_limited_) return;
    is_limited_ = false;
    volatile uint64_t& desired = word_at(thread, traces.desired_words);
    if (desired != limit_) return;
    desired = desired_;
    // It has added something where the object did not go into a buffer.
    volatile uint64_t& waste = word_at(thread, traces.waste_words);
    if (waste >= waste_limit_) waste = waste - waste_limit_ + waste_;
  }

  // An object in a new buffer, or outside, which `buffer` is 0 for; sizes in bytes.
  // `is_first`: of the buffers since a collection.
  SamplingAccount::Due add(const Allocated& before, uint64_t bytes, uint64_t buffer, bool is_first) {
    // Of a new buffer HotSpot has not taken the object yet.
    uint64_t end = before.counted + (buffer != 0 ? bytes : before.in_buffer);
    return account_.add({end, bytes, buffer, is_first});
  }

 private:
  static constexpr uint64_t kWordBytes = 8;
  static constexpr uint64_t kMostWaste = 4;  // of an interval, one part in so many

  static volatile uint64_t& word_at(uint8_t* thread, uint32_t offset) {
    return *reinterpret_cast<volatile uint64_t*>(thread + offset);
  }

  SamplingAccount account_;
  uint64_t interval_ = 1;
  bool is_limited_ = false;
  uint64_t desired_ = 0, waste_ = 0;      // words, as HotSpot wants them
  uint64_t limit_ = 0, waste_limit_ = 0;  // and as they are
};

}  // namespace rtprof::agents::jvm
