#pragma once

#include <cstddef>
#include <cstdint>

#include "agents/channel.h"
#include "agents/own_memory.h"
#include "agents/protocol.h"

namespace rtprof::agents {

// Reads for rtprof where the kernel closes the target to it, which a process's own threads may always read
// (ptrace_may_access(), kernel/ptrace.c). By one thread.
class Reads {
 public:
  // False where the answer cannot be sent.
  bool answer(const Channel& channel, const Read& read, const OwnMemory& memory);
  bool answer(const Channel& channel, const ReadPlace& read);
  void close();

 private:
  size_t copy(void* to, uintptr_t from, size_t size, const OwnMemory& memory);
  size_t copy_by_pipe(uint8_t* to, uintptr_t from, size_t size);
  bool send_found(const Channel& channel, uint32_t number);

  int pipe_[2] = {-1, -1};  // while system calls are filtered
  Bytes found_;
};

}  // namespace rtprof::agents
