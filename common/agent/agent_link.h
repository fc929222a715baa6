#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "agents/protocol.h"
#include "common/agent/placed_library.h"
#include "common/agent/ring_reader.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/process/memory.h"

namespace rtprof {

// The way to an agent in a target: a socket by which each side notices that the other is gone. Destroying it
// ends what the agent does.
class AgentLink {
 public:
  // What it is to be loaded with: agents/options.h.
  std::string options() const { return options_; }

  // Listens in the directory of a library that is about to be loaded.
  static Result<AgentLink> listen(const PlacedLibrary& placed, const Process& process);
  // Until the target's agent has connected; whoever else does is turned away.
  std::optional<Failure> accept(pid_t pid, Nanoseconds patience);
  // For the runtime's message that starts it.
  const agents::Secret& secret() const { return secret_; }
  // Sends that message with the ring. What the agent refuses is a failure, with EBUSY where it is in use.
  std::optional<Failure> start(std::span<const uint8_t> bytes, const SharedRing& ring, Nanoseconds patience);
  // More for an agent at work. One that does not take it misses it.
  void tell(std::span<const uint8_t> bytes) const;
  // Whether it answers within `patience` to what it was told, or is gone.
  bool has_answered(Nanoseconds patience) const;
  // Another message that starts more of it, without a ring, and its answer.
  std::optional<Failure> start_more(std::span<const uint8_t> bytes, Nanoseconds patience) const;
  // Memory of the target: how many of the ranges were read whole, from the first on. At most
  // agents::kMostReadRanges of them, and agents::kMostReadBytes. On any thread, as are the three above.
  size_t read(std::span<const MemoryRange> ranges) const;
  // Where a thread of the target sleeps, as its own namespace numbers it: what /proc/PID/task/TID/syscall
  // says. Nothing where it has ended, or the target has no /proc.
  std::optional<std::string> read_place(pid_t inner_tid) const;
  // Returns when the agent has stopped, or after `patience`.
  void end(Nanoseconds patience);

 private:
  AgentLink(UniqueFd socket, const agents::Secret& secret, std::string options)
      : listening_(std::move(socket)), secret_(secret), options_(std::move(options)) {}
  Result<agents::Answer> answer(Nanoseconds patience) const;
  enum class Heard { kNothing, kAnswer, kBytes, kNonsense, kEnd };
  Heard hear(TimePoint until, agents::Bytes& bytes) const;
  bool ask(std::span<const uint8_t> request, uint32_t number, agents::Bytes& found) const;
  bool take_bytes(Nanoseconds patience, agents::Bytes& found) const;

  UniqueFd listening_;
  UniqueFd socket_;
  agents::Secret secret_;
  std::string options_;
  // One who asks at a time.
  std::unique_ptr<std::timed_mutex> mutex_ = std::make_unique<std::timed_mutex>();
  mutable std::optional<agents::Answer> answered_;  // what nobody has taken yet
  mutable uint32_t asked_ = 0;                      // questions so far
  mutable uint32_t awaited_ = 0;                    // the one whose answer has not come; 0: none
};

}  // namespace rtprof
