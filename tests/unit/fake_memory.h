#pragma once

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "common/process/memory.h"

namespace rtprof::test {

// A target's memory made up by a test: regions of bytes at addresses of the test's choice. Whatever is in no
// region is not readable.
class FakeMemory final : public Memory {
 public:
  // A region of zeros. Regions must not overlap, but may touch.
  void map(Address address, size_t size) { regions_[address].assign(size, 0); }

  void unmap(Address address) { regions_.erase(address); }

  // Stores bytes; maps a region of their size where there is none yet.
  void put(Address address, std::span<const uint8_t> bytes) {
    if (bytes.empty()) return;
    auto store = [&](uint8_t* to, size_t done, size_t size) { std::memcpy(to, bytes.data() + done, size); };
    if (visit(regions_, address, bytes.size(), store)) return;
    map(address, bytes.size());
    visit(regions_, address, bytes.size(), store);
  }

  void put(Address address, std::string_view text) {
    put(address, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  }

  template <typename T>
  void set(Address address, T value) {
    put(address, std::span(reinterpret_cast<const uint8_t*>(&value), sizeof value));
  }

  bool read(Address address, void* destination, size_t size) const override {
    ++reads_;
    return copy(address, destination, size);
  }

  size_t read_batch(std::span<const MemoryRange> ranges) const override {
    ++reads_;
    size_t done = 0;
    while (done < ranges.size() && copy(ranges[done].address, ranges[done].destination, ranges[done].size))
      ++done;
    return done;
  }

  // System calls that a live target would have cost.
  size_t reads() const { return reads_; }

 private:
  bool copy(Address address, void* destination, size_t size) const {
    return visit(regions_, address, size, [&](const uint8_t* from, size_t done, size_t part) {
      std::memcpy(static_cast<uint8_t*>(destination) + done, from, part);
    });
  }

  // Calls `use(bytes, done, size)` for each piece of the range; false when it is not mapped as a whole.
  template <typename Regions, typename Use>
  static bool visit(Regions& regions, Address address, size_t size, Use use) {
    size_t done = 0;
    while (done < size) {
      auto next = regions.upper_bound(address + done);
      if (next == regions.begin()) return false;
      auto& [start, bytes] = *std::prev(next);
      uint64_t within = address + done - start;
      if (within >= bytes.size()) return false;
      size_t part = std::min<size_t>(size - done, bytes.size() - within);
      use(bytes.data() + within, done, part);
      done += part;
    }
    return true;
  }

  std::map<Address, std::vector<uint8_t>> regions_;
  mutable size_t reads_ = 0;
};

}  // namespace rtprof::test
