#pragma once

#include <cstdint>

namespace rtprof::agents::jvm {

// Numbers by chance: xorshift64*. Without libm.
class Random {
 public:
  // `seed`: not 0.
  explicit Random(uint64_t seed = 1) : state_(seed) {}

  // From an exponential distribution of mean 1, by comparing what is drawn (von Neumann, 1951): of numbers
  // from 0 to 1 as many as fall, one after the other; where that is an odd number, the first of them is what
  // is over the whole number of times that it was even.
  double exponential() {
    for (double whole = 0;; ++whole) {
      double first = uniform(), last = first;
      bool is_odd = true;
      for (double next = uniform(); next < last; next = uniform()) {
        last = next;
        is_odd = !is_odd;
      }
      if (is_odd) return whole + first;
    }
  }

 private:
  double uniform() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<double>(state_ * 2685821657736338717u >> 11) * 0x1p-53;
  }

  uint64_t state_;
};

}  // namespace rtprof::agents::jvm
