#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "agents/protocol.h"
#include "jvm/chunk_record.h"

namespace rtprof::agents::jvm {

// The frames of virtual threads that are in the heap, copied by the thread that carries one. How the JVM
// keeps them rtprof finds out from outside, and may know only after a while.
class Carried {
 public:
  // A copy in a buffer of which there are a few, given back when it is destroyed.
  class Copy {
   public:
    Copy() = default;
    Copy(std::atomic<bool>* taken, const void* bytes, uint32_t size)
        : taken_(taken), bytes_(bytes), size_(size) {}
    Copy(Copy&& other) noexcept
        : taken_(std::exchange(other.taken_, nullptr)), bytes_(other.bytes_), size_(other.size_) {}
    Copy& operator=(Copy&& other) noexcept {
      std::swap(taken_, other.taken_);
      bytes_ = other.bytes_;
      size_ = other.size_;
      return *this;
    }
    ~Copy() {
      if (taken_ != nullptr) taken_->store(false, std::memory_order_release);
    }

    // An rt_chunk_record; nothing where the thread carries none, or all buffers are in use.
    const void* bytes() const { return bytes_; }
    uint32_t size() const { return size_; }

   private:
    std::atomic<bool>* taken_ = nullptr;
    const void* bytes_ = nullptr;
    uint32_t size_ = 0;
  };

  void know(const rt_chunk_settings& settings);
  // While no copy is made.
  void forget() { is_known_.store(false); }
  // Of the virtual thread that the calling thread carries, whose Thread and whose stack these are.
  Copy copy(const uint8_t* thread, const StackHeader& stack);

 private:
  rt_chunk_settings settings_{};
  std::atomic<bool> is_known_ = false;
};

}  // namespace rtprof::agents::jvm
