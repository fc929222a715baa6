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

// rtprof's agent at work in a JVM. Destroying it ends its work; the library stays loaded, and does nothing.
class Agent {
 public:
  // Loads the agent, or finds it loaded, and makes it sample an allocation every `interval` bytes on average.
  // Throws Error, with nothing left behind, where the JVM does not load agents, hangs, or another profiler
  // samples its allocations. `announce` is called before anything is placed or loaded.
  static Agent sample_allocations(const Process& process, const Layout& layout, uint64_t interval,
                                  const std::function<void()>& announce);
  Agent(Agent&&) = default;
  Agent& operator=(Agent&&) = delete;
  ~Agent();

  SharedRing& ring() { return ring_; }
  // How the JVM keeps the frames of virtual threads: from then on records have them.
  void tell(const rt_chunk_settings& chunks) const;

 private:
  Agent(AgentLink link, SharedRing ring) : link_(std::move(link)), ring_(std::move(ring)) {}

  AgentLink link_;
  SharedRing ring_;
};

}  // namespace rtprof::jvm
