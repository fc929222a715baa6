#pragma once

#include <algorithm>

#include "common/base/clock.h"

namespace rtprof {

// Bounds for how much of any second one thread is held: time to hold flows in at a little less than the share
// and is spent by pauses; what is saved up is bounded, so that a burst of pauses stays within the share, too.
class HoldBudget {
 public:
  HoldBudget(double share, TimePoint now) : share_(share), balance_(kSaved * share), filled_(now) {}

  // Whether a pause as long as the last ones would stay within the share.
  bool allows(TimePoint now) {
    balance_ = std::min(balance_ + kInflow * share_ * static_cast<double>(now - filled_), kSaved * share_);
    filled_ = now;
    return share_ >= 1 || balance_ >= std::min(expected_, kSaved * share_);
  }

  void spend(Nanoseconds held) {
    balance_ -= static_cast<double>(held);
    expected_ += (static_cast<double>(held) - expected_) / 8;
  }

 private:
  // Together one second.
  static constexpr double kInflow = 0.95;
  static constexpr double kSaved = 0.05 * kSecond;

  double share_;
  double balance_;                         // ns; negative after a pause that took longer than expected
  double expected_ = 30.0 * kMicrosecond;  // length of a pause
  TimePoint filled_;
};

}  // namespace rtprof
