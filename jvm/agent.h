#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "agents/jvm/protocol.h"
#include "common/agent/agent_link.h"
#include "common/agent/ring_reader.h"
#include "common/process/access.h"
#include "common/process/process.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

// Why the agent cannot be loaded into a JVM, as far as reading tells; nothing where nothing forbids it.
std::optional<Denial> agent_denial(const Process& process);

// What an agent is asked to record.
struct AgentRequest {
  uint32_t events = 0;               // agents::jvm::kAllocations, kLocks
  uint64_t allocation_interval = 1;  // mean bytes between samples
  bool follows_objects = false;
  Nanoseconds lock_threshold = 0;
};

// rtprof's agent at work in a JVM. Destroying it ends its work; the library stays loaded, and does nothing.
class Agent {
 public:
  // Loads the agent, or finds it loaded, and makes it record. Throws Error, with nothing left behind, where
  // the JVM does not load agents, hangs, or lacks what is asked for, and where another profiler has it.
  // `announce` is called before anything is placed or loaded.
  static Agent start(const Process& process, const Layout& layout, const AgentRequest& request,
                     const std::function<void()>& announce);
  Agent(Agent&&) = default;
  Agent& operator=(Agent&&) = delete;
  ~Agent();

  SharedRing& ring() { return ring_; }
  // How the JVM keeps the frames of virtual threads: from then on records have them.
  void tell(const rt_chunk_settings& chunks) const;
  // Has it record what is still open: waits up to now, objects that are gone. Calls `drain` meanwhile, since
  // there may be more than the ring holds at once, and returns when all has been written, or after a while.
  void flush(const std::function<void()>& drain) const;

 private:
  Agent(AgentLink link, SharedRing ring) : link_(std::move(link)), ring_(std::move(ring)) {}

  AgentLink link_;
  SharedRing ring_;
};

}  // namespace rtprof::jvm
