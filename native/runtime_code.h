#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/profile/profile.h"
#include "native/unwinder.h"

namespace rtprof::native {

// A thread of a language's own, which one of the machine's threads carries for a while.
struct CarriedThread {
  uint64_t id = 0;   // as the language tells it
  std::string name;  // empty: it has none
};

// The code that a language runtime makes in a process while it runs: steps through it, and names for the
// frames that the steps append (MachineFrame::made).
//
// One thread samples: all but name() are its own. name() may run beside them on another.
class RuntimeCode : public Unwinder {
 public:
  // Before stacks that were taken since the last call: what is known of the code is checked again, once, when
  // it is next used.
  virtual void begin_batch() = 0;
  // What belongs to the stack of a thread that is held now, and is not on it: StackSnapshot::attached.
  virtual std::vector<uint8_t> beside_stack(pid_t /*tid*/) { return {}; }
  // The thread whose stack it is that a snapshot has something beside; nothing where it is the machine's own.
  virtual std::optional<CarriedThread> carried_thread(std::span<const uint8_t> /*attached*/) {
    return std::nullopt;
  }
  // Whether a frame is one of the language, and not of the runtime's own machinery.
  virtual bool is_language(uint32_t made) const = 0;
  // What stands at the root for the callers that the last step did not find; empty: what the loop over
  // regions says.
  virtual std::string_view problem() const = 0;
  // What a thread is for that runs none of the language's code, by its name: "[GC]"; empty when that is not
  // known.
  virtual std::string_view thread_kind(std::string_view name) const = 0;
  // Appends what a frame stands for: several where functions are inlined.
  virtual void name(uint32_t made, Profile& profile, std::vector<FrameId>& leaf_first) = 0;
};

}  // namespace rtprof::native
