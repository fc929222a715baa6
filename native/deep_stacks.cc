#include "native/deep_stacks.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace rtprof::native {
namespace {

// So much leafward of an end is read with it: for snapshots of the same stack that end a little earlier.
constexpr size_t kMarginBytes = 32 << 10;
// Those of threads that have ended go when there are more.
constexpr size_t kMostThreads = 16384;

}  // namespace

void DeepStacks::met(const StackSnapshot& snapshot) {
  if (snapshot.thread == 0) return;
  if (extents_.size() >= kMostThreads && !extents_.contains(snapshot.thread)) extents_.clear();
  Extent& extent = extents_[snapshot.thread];
  if (extent.count == kWindow) extent = {0, extent.now, 0, true};
  extent.now = std::max(extent.now, snapshot.registers.sp());
  ++extent.count;
}

bool DeepStacks::is_steady(const StackSnapshot& snapshot, Address end) const {
  if (snapshot.stands) return true;
  auto found = extents_.find(snapshot.thread);
  if (found == extents_.end()) return false;
  const Extent& extent = found->second;
  return (extent.has_before || extent.count >= kFewest) && std::max(extent.now, extent.before) <= end;
}

std::span<const uint8_t> DeepStacks::beyond(const StackSnapshot& snapshot) {
  if (snapshot.stack.size() < kEndBytes) return {};
  auto end = snapshot.stack.last(kEndBytes);
  Address address = snapshot.stack_address + snapshot.stack.size() - kEndBytes;
  if (!is_steady(snapshot, address)) return {};
  const Reading* reading = reading_of(address);
  if (reading == nullptr || !shows(*reading, end, address)) return {};
  return std::span(reading->bytes).subspan(address - reading->start + kEndBytes);
}

// The end was in memory before and after what is rootward of it was read.
bool DeepStacks::shows(const Reading& reading, std::span<const uint8_t> end, Address address) {
  size_t offset = address - reading.start;
  auto is_in = [&](const std::vector<uint8_t>& bytes) {
    return std::memcmp(bytes.data() + offset, end.data(), end.size()) == 0;
  };
  if (!is_in(reading.bytes)) return false;
  // One further rootward cannot have changed where one further leafward has not.
  if (offset + end.size() > reading.again.front().size()) return reading.end_unchanged;
  return std::all_of(reading.again.begin(), reading.again.end(), is_in);
}

DeepStacks::Reading* DeepStacks::reading_of(Address end) {
  TimePoint now = clock_.now();
  if (now - since_ >= kLife) {
    since_ = now;
    bytes_read_ = 0;
    looked_at_mappings_ = false;
    readings_.clear();
  }
  auto known = std::find_if(readings_.begin(), readings_.end(),
                            [end](const Reading& reading) { return reading.covers(end, kEndBytes); });
  if (known != readings_.end()) return &*known;
  const Mapping* mapping = mapping_of(end);
  if (mapping == nullptr || mapping->end - end <= kEndBytes) return nullptr;
  Reading reading;
  reading.start = end - std::min<Address>(end - mapping->start, kMarginBytes);
  for (auto& again : reading.again) again.resize(end - reading.start + kEndBytes);
  reading.bytes.resize(std::min<Address>(mapping->end - end, kMostBytes) + end - reading.start);
  if (bytes_read_ + reading.bytes.size() > kMostBytesAtOnce) return nullptr;
  bytes_read_ += reading.bytes.size();
  if (!read(reading)) {
    mappings_.clear();  // it may be another by now
    return nullptr;
  }
  auto is_unchanged = [&, offset = static_cast<ptrdiff_t>(end - reading.start)](const auto& again) {
    return std::equal(again.begin() + offset, again.end(), reading.bytes.begin() + offset);
  };
  reading.end_unchanged = std::all_of(reading.again.begin(), reading.again.end(), is_unchanged);
  readings_.push_back(std::move(reading));
  return &readings_.back();
}

bool DeepStacks::read(Reading& reading) const {
  auto range = [&](std::vector<uint8_t>& bytes) {
    return MemoryRange{reading.start, bytes.data(), bytes.size()};
  };
  std::array ranges{range(reading.bytes), range(reading.again[0]), range(reading.again[1])};
  if (memory_.read_batch(std::span(ranges).first(2)) != 2) return false;
  clock_.rest();
  return memory_.read_batch(std::span(ranges).last(1)) == 1;
}

const Mapping* DeepStacks::mapping_of(Address address) {
  auto find = [&]() -> const Mapping* {
    auto found = std::find_if(mappings_.begin(), mappings_.end(), [address](const Mapping& mapping) {
      return address >= mapping.start && address < mapping.end;
    });
    return found == mappings_.end() || !found->readable ? nullptr : &*found;
  };
  const Mapping* mapping = find();
  if (mapping != nullptr || std::exchange(looked_at_mappings_, true)) return mapping;
  mappings_ = mappings_of_process_();
  return find();
}

}  // namespace rtprof::native
