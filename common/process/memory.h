#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace rtprof {

using Address = uint64_t;

// One range to read: `size` bytes at `address` of the target go to `destination`.
struct MemoryRange {
  Address address;
  void* destination;
  size_t size;
};

// Memory of a target. An interface so that everything that walks foreign structures can be run over made-up
// memory by tests and fuzzers.
class Memory {
 public:
  virtual ~Memory() = default;

  // All of the range or nothing: false when any byte of it is not readable.
  virtual bool read(Address address, void* destination, size_t size) const = 0;

  // Reads the ranges in order with as few system calls as possible. Returns how many were read whole before
  // the first that was not.
  virtual size_t read_batch(std::span<const MemoryRange> ranges) const = 0;

  template <typename T>
  std::optional<T> get(Address address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    if (!read(address, &value, sizeof value)) return std::nullopt;
    return value;
  }

  std::optional<Address> pointer(Address address) const { return get<Address>(address); }

  // The `size` bytes at `address`; nothing when they are not all readable or more than `limit`, which guards
  // against a torn length.
  std::optional<std::vector<uint8_t>> bytes(Address address, size_t size, size_t limit = 64 << 20) const;

  // The string at `address` up to its zero byte, cut at `limit` bytes.
  std::optional<std::string> c_string(Address address, size_t limit = 256) const;
};

// Memory of a live process by process_vm_readv: no stop, no attachment, about 2 µs a call.
class RemoteMemory final : public Memory {
 public:
  explicit RemoteMemory(pid_t pid) : pid_(pid) {}

  bool read(Address address, void* destination, size_t size) const override;
  size_t read_batch(std::span<const MemoryRange> ranges) const override;

  // errno of the last read that failed on this thread: EPERM, ESRCH, EFAULT.
  static int last_error();

 private:
  pid_t pid_;
};

}  // namespace rtprof
