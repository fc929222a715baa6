#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace rtprof {

// Values numbered from 0 in the order in which they are first asked for.
template <typename Key>
class Numbering {
 public:
  uint32_t operator()(const Key& key) {
    auto [known, is_new] = numbers_.try_emplace(key, static_cast<uint32_t>(keys_.size()));
    if (is_new) keys_.push_back(key);
    return known->second;
  }
  const std::vector<Key>& keys() const { return keys_; }

 private:
  std::unordered_map<Key, uint32_t> numbers_;
  std::vector<Key> keys_;
};

// The same for keys that are ids: dense, from 0.
class IdNumbering {
 public:
  uint32_t operator()(uint32_t id) {
    if (!contains(id)) {
      if (numbers_.size() <= id) numbers_.resize(id + 1, kNone);
      numbers_[id] = static_cast<uint32_t>(keys_.size());
      keys_.push_back(id);
    }
    return numbers_[id];
  }
  bool contains(uint32_t id) const { return id < numbers_.size() && numbers_[id] != kNone; }
  const std::vector<uint32_t>& keys() const { return keys_; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  std::vector<uint32_t> numbers_;  // by id
  std::vector<uint32_t> keys_;
};

}  // namespace rtprof
