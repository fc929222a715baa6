#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/profile/sample.h"

namespace rtprof {

// Sums of one thread's samples by stack and reason, in the order of these. They have no times, and take some
// 5 bytes each where a Sample takes 48.
class PackedSums {
 public:
  // Takes stack, reason, weight and count. In the order of stack and reason.
  void push_back(const Sample& sum);
  void clear();
  size_t memory_use() const { return bytes_.capacity(); }

  // Reads them in order; the sums outlive it and stay as they are.
  class Reader {
   public:
    explicit Reader(const PackedSums& sums) : at_(sums.bytes_.data()), end_(at_ + sums.bytes_.size()) {}
    // Sets what push_back() took; false at the end.
    bool next(Sample& sum);

   private:
    uint64_t number();

    const uint8_t* at_;
    const uint8_t* end_;
    uint32_t stack_ = 0;
  };

 private:
  void append(uint64_t number);

  std::vector<uint8_t> bytes_;
  uint32_t last_stack_ = 0;
};

}  // namespace rtprof
