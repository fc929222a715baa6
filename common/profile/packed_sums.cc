#include "common/profile/packed_sums.h"

namespace rtprof {
namespace {

// A sum is three numbers: how far its stack is from the one before, its count above its reason, and its
// weight. Numbers are as in protobuf: seven bits a byte, the lowest first, the highest bit set where more
// follow.
constexpr unsigned kBits = 7;
constexpr uint8_t kMore = 1 << kBits;
constexpr unsigned kReasonBits = 4;
constexpr unsigned kReasons = 1 << kReasonBits;
static_assert(static_cast<unsigned>(Reason::kOther) < kReasons);

}  // namespace

void PackedSums::append(uint64_t number) {
  for (; number >= kMore; number >>= kBits) bytes_.push_back(static_cast<uint8_t>(number | kMore));
  bytes_.push_back(static_cast<uint8_t>(number));
}

void PackedSums::push_back(const Sample& sum) {
  append(sum.stack - last_stack_);
  append(sum.count << kReasonBits | static_cast<uint64_t>(sum.reason));
  append(static_cast<uint64_t>(sum.weight));
  last_stack_ = sum.stack;
}

void PackedSums::clear() {
  bytes_.clear();
  last_stack_ = 0;
}

uint64_t PackedSums::Reader::number() {
  uint64_t number = 0;
  unsigned shift = 0;
  for (; *at_ >= kMore; shift += kBits) number |= uint64_t{*at_++ & (kMore - 1U)} << shift;
  return number | uint64_t{*at_++} << shift;
}

bool PackedSums::Reader::next(Sample& sum) {
  if (at_ == end_) return false;
  stack_ += static_cast<uint32_t>(number());
  sum.stack = stack_;
  uint64_t count_and_reason = number();
  sum.reason = static_cast<Reason>(count_and_reason % kReasons);
  sum.count = count_and_reason >> kReasonBits;
  sum.weight = static_cast<int64_t>(number());
  return true;
}

}  // namespace rtprof
