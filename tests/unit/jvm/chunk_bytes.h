#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "common/process/memory.h"
#include "jvm/chunk_record.h"

namespace rtprof::test {

// Builds an rt_chunk_record as the program writes it.
class ChunkBytes {
 public:
  static constexpr size_t kHead = offsetof(rt_chunk_record, frames);

  explicit ChunkBytes(Address entry) { head_.entry = entry; }

  // The words from `address` on, of which the first two are the link.
  ChunkBytes& add(Address address, const std::vector<uint64_t>& words) {
    auto bytes = static_cast<rt_u32>(words.size() * sizeof(uint64_t));
    head_.chunks[head_.count++] = {address, bytes, bytes};
    words_.insert(words_.end(), words.begin(), words.end());
    return *this;
  }
  // To lie in.
  rt_chunk_record& head() { return head_; }

  std::vector<uint8_t> bytes() const {
    std::vector<uint8_t> bytes(kHead + words_.size() * sizeof(uint64_t));
    std::memcpy(bytes.data(), &head_, kHead);
    if (!words_.empty()) std::memcpy(bytes.data() + kHead, words_.data(), bytes.size() - kHead);
    return bytes;
  }

 private:
  rt_chunk_record head_{};
  std::vector<uint64_t> words_;
};

}  // namespace rtprof::test
