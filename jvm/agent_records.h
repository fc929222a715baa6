#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "agents/jvm/protocol.h"
#include "common/base/clock.h"
#include "common/process/stack_snapshot.h"

namespace rtprof::jvm {

// An allocation or a wait for a lock that the agent has recorded: agents::jvm::Sample.
struct AgentSample {
  TimePoint time = 0;
  uint64_t value = 0;   // bytes of the object, or ns of the wait
  uint64_t detail = 0;  // the number of a followed object, or the ns that a wait stands for
  uint64_t collections = 0;
  uint64_t allocated = 0;  // bytes by the thread, up to the object's end; 0: not known
  pid_t inner_tid = 0;
  bool is_due = true;       // whether a sample of the object itself was due
  uint64_t stands_for = 0;  // so many samples beside that
  std::string_view type;    // "Ljava/lang/String;"
  StackSnapshot stack;      // without bytes where the thread ran no Java
};

// Of a record as it was in the ring, which it refers to; nothing where it makes no sense.
std::optional<AgentSample> parse_agent_sample(std::span<const uint8_t> record);

// A thread that was interrupted: agents::Snapshot.
struct InterruptedThread {
  uint64_t number = 0;  // of the signal
  TimePoint time = 0;
  StackSnapshot stack;
};
// As parse_agent_sample().
std::optional<InterruptedThread> parse_interrupted_thread(std::span<const uint8_t> record);

// The number of an agents::jvm::Note.
std::optional<uint64_t> parse_agent_note(std::span<const uint8_t> record);

}  // namespace rtprof::jvm
