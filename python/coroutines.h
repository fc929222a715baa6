#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "python/containers.h"
#include "python/walk.h"

namespace rtprof {

// A coroutine and those that it awaits, one below the other, as they are while nothing runs them. The chain
// ends where a coroutine awaits something else, or is just running.
struct CoroutineChain {
  enum class State : uint8_t {
    kCreated,    // it has not begun
    kSuspended,  // at the end of the chain
    kExecuting,  // a thread runs it
    kEnded,
  };
  struct Link {
    Address frame = 0;
    rt_py_frame code_and_ip{};
  };
  State state = State::kEnded;  // of the last link; of the first one when it has ended
  std::vector<Link> links;      // root first
  Address awaited = 0;  // what the last link awaits: a future or another object; 0: only its next turn
};

// Follows a coroutine (or a generator, or an asynchronous one) through what it awaits. Nothing when the
// object is none of these.
std::optional<CoroutineChain> coroutine_chain(Containers& containers, Address coroutine);

}  // namespace rtprof
