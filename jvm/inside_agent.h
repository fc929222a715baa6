#pragma once

#include <memory>
#include <utility>

#include "common/agent/agent_memory.h"
#include "common/process/insider.h"
#include "common/process/process.h"
#include "jvm/agent.h"

namespace rtprof::jvm {

// Our agent in a JVM that is closed to us, as the one who reads it.
class InsideAgent final : public Insider {
 public:
  // Keeps the agent at work. `process` outlives this.
  InsideAgent(const Process& process, std::shared_ptr<const Agent> agent)
      : process_(process), agent_(std::move(agent)), memory_(agent_->link()) {}

  const Memory& memory() const override { return memory_; }
  std::optional<std::string> syscall_of(pid_t tid) const override;

 private:
  const Process& process_;
  std::shared_ptr<const Agent> agent_;
  AgentMemory memory_;
};

}  // namespace rtprof::jvm
