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
  bool contains(const Key& key) const { return numbers_.count(key) != 0; }
  const std::vector<Key>& keys() const { return keys_; }

 private:
  std::unordered_map<Key, uint32_t> numbers_;
  std::vector<Key> keys_;
};

}  // namespace rtprof
