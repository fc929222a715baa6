#pragma once

#include <cstdint>

#include "agents/jvm/random.h"

namespace rtprof::agents::jvm {

// Of which of a thread's allocations a sample is due, where HotSpot only tells of those that its buffer
// (TLAB) had no room for.
//
// Samples are due at points of the stream of bytes that the thread allocates, at exponential distances, and a
// buffer is made to end at such a point: then the object that has it is told of. Where HotSpot puts that one
// outside of the buffer and keeps what is left for smaller ones, nothing is told of these: points among them
// go to the one that comes over the end by chance, in proportion to its size, which one does not that is
// larger than what was left, or that a collection has cut the buffer short for. Points that nothing was told
// of otherwise are among what HotSpot does not trace: where it hands out buffers, or memory outside, in code
// that is not compiled, or by the first of its compilers.
class SamplingAccount {
 public:
  // An object that the thread has just allocated.
  struct Allocation {
    uint64_t end;     // bytes that the thread has allocated in its life, this object among them
    uint64_t bytes;   // of the object
    uint64_t buffer;  // of the new buffer that begins with it; 0: it lies outside
    bool is_first;    // in the first buffer since a collection
  };
  struct Due {
    bool object = false;  // a sample of this object itself
    uint64_t before = 0;  // so many samples that it stands for beside that
    uint64_t untold = 0;  // samples that were due in buffers that the thread has got without our being told
  };

  // `interval`: mean bytes between samples.
  SamplingAccount(uint64_t seed, uint64_t interval)
      : random_(seed), interval_(static_cast<double>(interval)), next_(draw()) {}
  SamplingAccount() = default;

  Due add(const Allocation& allocation) {
    uint64_t begin = allocation.end - allocation.bytes;
    // The thread is another one, or seen for the first time: as if its buffer had been as large as this one.
    if (!is_known_ || allocation.end < seen_) {
      is_known_ = true;
      room_ = buffer_ = allocation.buffer < begin ? allocation.buffer : begin;
      seen_ = begin - room_;
      is_past_end_ = true;
      due_ = seen_ + draw();
    }
    uint64_t between = begin > seen_ ? begin - seen_ : 0;
    uint64_t in_buffer = between < room_ ? between : room_;
    Due due;
    if (is_past_end_) waiting_ += points_until(seen_ + in_buffer);
    due.untold = points_until(begin);
    due.object = points_until(allocation.end) != 0;
    bool came_by_chance = !allocation.is_first && allocation.bytes < room_;
    if (came_by_chance) {
      due.before = waiting_;
      waiting_ = 0;
    }
    seen_ = allocation.end;
    room_ -= in_buffer;
    is_past_end_ = allocation.buffer == 0;
    if (allocation.buffer != 0) begin_buffer(allocation);
    return due;
  }

  // Where the thread's next buffer should end, in bytes after its first object: where a sample is due. Drawn
  // anew each time; to be asked before the thread gets one.
  uint64_t draw_next() { return next_ = draw(); }

 private:
  static constexpr uint64_t kMostPoints = 1 << 16;

  uint64_t draw() { return static_cast<uint64_t>(random_.exponential() * interval_) + 1; }

  uint64_t points_until(uint64_t end) {
    uint64_t points = 0;
    for (; due_ < end && points < kMostPoints; ++points) due_ += draw();
    if (due_ < end) {
      points += static_cast<uint64_t>(static_cast<double>(end - due_) / interval_);
      due_ = end + draw();
    }
    return points;
  }

  // What is drawn knows nothing of what has been, so one may be put in the place of another.
  void begin_buffer(const Allocation& allocation) {
    buffer_ = allocation.buffer;
    room_ = buffer_ > allocation.bytes ? buffer_ - allocation.bytes : 0;
    due_ = seen_ + next_;
  }

  bool is_known_ = false;
  Random random_;
  double interval_ = 1;
  uint64_t next_ = 0;         // bytes from the first object of the next buffer on until a sample is due
  uint64_t seen_ = 0;         // of the bytes that the thread has allocated
  uint64_t due_ = 0;          // where the next sample is due
  uint64_t buffer_ = 0;       // bytes of the thread's buffer
  uint64_t room_ = 0;         // of them not seen yet
  bool is_past_end_ = false;  // a sample may be due of what takes the room
  uint64_t waiting_ = 0;      // samples without an object
};

}  // namespace rtprof::agents::jvm
