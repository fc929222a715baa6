#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/process/process.h"
#include "common/process/stack_snapshot.h"
#include "common/process/thread_probe.h"

namespace rtprof::native {

// Reads stacks of a process's threads from outside, by their registers.
class StackReader {
 public:
  // `most` bytes of a stack are read at most.
  explicit StackReader(const Process& process, size_t most = 1 << 20)
      : process_(process), most_(most), mappings_(process.mappings()) {}

  // The bytes from the stack pointer to the end of the stack, or to the first that cannot be read; nothing
  // when that is not known, or when there are none. A stack ends with its mapping, or at the thread's block
  // of libc, to which `thread_pointer` points (glibc and musl; the FS base, which is the pthread_t). 0: that
  // is not known. Valid until the next call.
  std::optional<StackSnapshot> read(const Registers& registers, Address thread_pointer = 0);
  // Of a thread of which nothing else is known.
  std::optional<StackSnapshot> read(const ThreadPlace& place, Address thread_pointer = 0);

  // Looks at the mappings again if a stack was in none of them. Not while a thread is held: it takes long.
  void refresh();

 private:
  std::optional<Address> end_of_stack(Address sp, Address thread_pointer);
  void read_what_is_there(Address sp);

  const Process& process_;
  const size_t most_;
  std::vector<Mapping> mappings_;
  bool outdated_ = false;
  std::vector<uint8_t> stack_;
};

}  // namespace rtprof::native
