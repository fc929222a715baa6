#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "agents/jvm/protocol.h"
#include "common/agent/agent_link.h"
#include "common/agent/ring_reader.h"
#include "common/process/access.h"
#include "common/process/process.h"
#include "common/profile/event.h"
#include "jvm/continuations.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

// Why the agent cannot be loaded into a JVM to record an event, as far as reading tells; nothing where
// nothing forbids it.
std::optional<Denial> agent_denial(const Process& process, Event event);

// Whether its system calls are filtered (seccomp): one that the program itself does not make may end it.
bool is_filtered(const Process& process);

// What an agent is asked to record.
struct AgentRequest {
  uint32_t events = 0;               // agents::jvm::kAllocations, kLocks, kSnapshots
  uint64_t allocation_interval = 1;  // mean bytes between samples
  bool follows_objects = false;
  Nanoseconds lock_threshold = 0;
};

// rtprof's agent at work in a JVM, for all that is recorded by it. Destroying it ends its work; the library
// stays loaded, and does nothing. Lives on the thread that samples.
class Agent {
 public:
  // Loads the agent, or finds it loaded, and makes it record. Throws Error, with nothing left behind, where
  // the JVM does not load agents, hangs, or lacks what is asked for, and where another profiler has it.
  // `announce` is called before anything is placed or loaded.
  static std::shared_ptr<Agent> start(const Process& process, const Layout& layout,
                                      const AgentRequest& request, const std::function<void()>& announce);
  // Loads it into a JVM whose memory is closed to us, to read that for us (jvm/inside_agent.h). Throws as
  // start().
  static std::shared_ptr<Agent> start_for_memory(const Process& process,
                                                 const std::function<void()>& announce);
  // Has one that was loaded so record. Throws as start().
  void record(const Process& process, const Layout& layout, const AgentRequest& request) const;
  const AgentLink& link() const { return link_; }
  Agent(AgentLink link, SharedRing ring) : link_(std::move(link)), ring_(std::move(ring)) {}
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;
  ~Agent();

  // What is to be done with each record of one type; the record is valid meanwhile.
  using Take = std::function<void(std::span<const uint8_t>)>;
  void on(agents::RecordType type, Take take);
  // Hands out what is there. False where the ring makes no sense: nothing comes of it any more.
  bool drain();
  // Readable when there is more than a little to drain, or something that is waited for.
  int event() const { return ring_.event(); }
  // Records for which there was no room.
  uint64_t lost() const { return ring_.lost(); }
  // Has a thread that runs, as rtprof's own namespace has it, write a record of the type kSnapshot. False
  // where it has ended. `number`: what the record will say, at most kMostSnapshotNumber.
  bool interrupt(pid_t pid, pid_t tid, uint64_t number) const;
  // Tells it how the JVM keeps the frames of virtual threads as soon as that is known: from then on records
  // have them.
  void follow(std::shared_ptr<const Continuations> continuations);
  // Has it record what is still open: waits up to now, objects that are gone. Drains meanwhile, since there
  // may be more than the ring holds at once, and returns when all has been written, or after a while.
  void flush();

 private:
  static constexpr size_t kRecordTypes = 8;

  void tell_of_chunks();

  AgentLink link_;
  SharedRing ring_;
  std::array<Take, kRecordTypes> takes_;
  std::shared_ptr<const Continuations> continuations_;  // null once the agent knows of them
};

}  // namespace rtprof::jvm
