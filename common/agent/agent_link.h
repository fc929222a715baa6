#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>

#include "agents/protocol.h"
#include "common/agent/placed_library.h"
#include "common/agent/ring_reader.h"
#include "common/base/clock.h"
#include "common/base/result.h"

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
  // Returns when the agent has stopped, or after `patience`.
  void end(Nanoseconds patience);

 private:
  AgentLink(UniqueFd socket, const agents::Secret& secret, std::string options)
      : listening_(std::move(socket)), secret_(secret), options_(std::move(options)) {}
  Result<agents::Answer> answer(Nanoseconds patience) const;

  UniqueFd listening_;
  UniqueFd socket_;
  agents::Secret secret_;
  std::string options_;
};

}  // namespace rtprof
