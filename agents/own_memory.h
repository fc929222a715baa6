#pragma once

#include <cstddef>
#include <cstdint>

namespace rtprof::agents {

// Memory of the process that this runs in, of which it is not known whether it is there. In a signal handler,
// too. errno may change.
class OwnMemory {
 public:
  // `is_filtered`: it makes no system call then but one that every C library makes.
  explicit OwnMemory(bool is_filtered = true) : is_filtered_(is_filtered) {}

  // How many bytes from `address` on can be read, at most `size`.
  static size_t readable(uintptr_t address, size_t size);
  // Copies what was found readable. Fewer bytes where some are no longer. Where system calls are filtered
  // that faults, which is so rare that it is risked: the call that would not is one that a filter may kill
  // for.
  size_t copy(void* to, uintptr_t from, size_t size) const;
  bool is_filtered() const { return is_filtered_; }
  template <typename T>
  bool get(T& to, uintptr_t from) const {
    return readable(from, sizeof to) == sizeof to && copy(&to, from, sizeof to) == sizeof to;
  }

 private:
  bool is_filtered_;
};

}  // namespace rtprof::agents
