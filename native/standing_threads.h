#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "common/process/process.h"
#include "common/process/stack_snapshot.h"
#include "common/process/thread_probe.h"
#include "kernel/thread_registers.h"

namespace rtprof::native {

// Reads stacks of a process's threads from outside, by their registers.
class StackReader {
 public:
  explicit StackReader(const Process& process) : process_(process), mappings_(process.mappings()) {}

  // The bytes from the stack pointer to the end of its mapping, at most 1 MiB; nothing when they cannot be
  // read. Valid until the next call.
  std::optional<StackSnapshot> read(const Registers& registers);

 private:
  const Process& process_;
  std::vector<Mapping> mappings_;
  std::vector<uint8_t> stack_;
};

// Calls `use` with the stack of each thread of `before` that was off its CPU then and has been ever since:
// its times are still the same after its stack was read. Touches none of them.
void read_standing_threads(const Process& process, kernel::ThreadRegisters& saved, StackReader& reader,
                           const std::map<pid_t, ThreadTimes>& before,
                           const std::function<void(pid_t, const StackSnapshot&)>& use);

}  // namespace rtprof::native
