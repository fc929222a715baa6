#include "native/cpu_account.h"

#include <algorithm>

namespace rtprof::native {
namespace {

// An event ticks after whole periods, so that the clock and the samples differ by some of them without
// anything being amiss: what is made up for at once is limited.
constexpr double kLargestCorrection = 0.1;
constexpr double kBatches = 4;

}  // namespace

void CpuAccount::begin_batch(Nanoseconds clock) {
  if (in_batch_ != 0) {
    auto lacks = static_cast<double>(clock_ - begun_ - weighed_);
    correction_ = std::clamp(lacks / (kBatches * static_cast<double>(in_batch_)), -kLargestCorrection,
                             kLargestCorrection);
  }
  in_batch_ = 0;
  clock_ = clock;
}

Nanoseconds CpuAccount::weigh(Nanoseconds weight) {
  auto corrected = weight + static_cast<Nanoseconds>(static_cast<double>(weight) * correction_);
  in_batch_ += weight;
  weighed_ += corrected;
  return corrected;
}

}  // namespace rtprof::native
