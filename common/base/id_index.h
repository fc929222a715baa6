#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace rtprof {

// Finds things that their owner keeps in an array by what they are: a hash table of their indices, at 8 to 16
// bytes each where std::unordered_map takes some 50.
class IdIndex {
 public:
  // Of the things with this hash, the one for which `is_it(id)` holds.
  template <typename IsIt>
  std::optional<uint32_t> find(uint64_t hash, IsIt is_it) const {
    for (size_t slot = slot_of(hash); slots_[slot] != kFree; slot = (slot + 1) & (slots_.size() - 1)) {
      if (is_it(slots_[slot])) return slots_[slot];
    }
    return std::nullopt;
  }

  // Adds a thing that is not there yet. `hash_of(id)` tells the hash of it and of those that are.
  template <typename HashOf>
  void add(uint32_t id, HashOf hash_of) {
    if (++count_ * 2 > slots_.size()) {
      std::vector<uint32_t> before(slots_.size() * 2, kFree);
      before.swap(slots_);
      for (uint32_t old : before) {
        if (old != kFree) put(old, hash_of(old));
      }
    }
    put(id, hash_of(id));
  }

  size_t memory_use() const { return slots_.size() * sizeof(uint32_t); }

 private:
  static constexpr uint32_t kFree = UINT32_MAX;

  size_t slot_of(uint64_t hash) const { return hash & (slots_.size() - 1); }
  void put(uint32_t id, uint64_t hash) {
    size_t slot = slot_of(hash);
    while (slots_[slot] != kFree) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = id;
  }

  std::vector<uint32_t> slots_ = std::vector<uint32_t>(16, kFree);  // a power of two, at most half full
  size_t count_ = 0;
};

// Spreads numbers that differ in few bits over all of them: the finaliser of SplitMix64.
constexpr uint64_t mix_bits(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace rtprof
