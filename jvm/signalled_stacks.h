#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/process/process.h"
#include "jvm/agent.h"
#include "native/running_stacks.h"

namespace rtprof::jvm {

// Takes stacks of running threads by an agent: rtprof sends a signal, whose handler writes a copy of the
// registers and the stack. Nobody waits for anybody but rtprof, and that for a moment only: a thread that has
// to wait for a CPU writes its snapshot when it is given one, too late: it is left out, and asked for again.
class SignalledStacks final : public native::RunningStacks {
 public:
  // Of an agent that was asked for agents::jvm::kSnapshots. `process` outlives this.
  SignalledStacks(const Process& process, std::shared_ptr<Agent> agent);
  // Waits a moment for signals that are under way: once the agent has ended they are the program's.
  ~SignalledStacks() override;

  void begin_batch() override;
  // The agent's own thread blocks all signals. What it costs is shown as what it is.
  std::string_view told(pid_t tid) const override;
  // What is beside the stack the handler has copied, too: a moment later it is another virtual thread's.
  Taken take(PulledThread& thread, const std::function<void()>& beside) override;

 private:
  struct Asked {
    uint64_t number = 0;
    TimePoint since = 0;
    TimePoint sent = 0;  // the signal, the last time
    TimePoint came = 0;  // 0: not yet
    std::vector<uint8_t> record;
  };

  void arrived(std::span<const uint8_t> record);
  // False where the thread is no more.
  bool ask(pid_t tid);
  void wait_for(const Asked& asked);
  // Until there is something to drain, or `until`.
  void drain_by(TimePoint until);
  Taken late(pid_t tid, Asked& asked) const;

  const Process& process_;
  std::shared_ptr<Agent> agent_;
  std::vector<pid_t> own_;  // threads of the agent
  bool is_broken_ = false;
  std::unordered_map<pid_t, Asked> asked_;
  std::unordered_map<uint64_t, pid_t> by_number_;
  uint64_t next_number_ = 0;
  Nanoseconds waited_ = 0;  // in this batch
  std::vector<uint8_t> record_;
};

}  // namespace rtprof::jvm
