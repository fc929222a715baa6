#include "python/initial_stacks.h"

#include <fmt/core.h>

#include <optional>

#include "python/remote_walker.h"
#include "python/threads.h"

namespace rtprof {
namespace {

// How often a thread has been switched out so far; nothing while it runs. Equal before and after a read, the
// thread slept all through it.
std::optional<uint64_t> switches_while_asleep(const Process& process, pid_t tid) {
  std::string directory = fmt::format("{}/task/{}", process.directory(), tid);
  auto stat = read_stat(directory);
  if (!stat || stat->state == 'R') return std::nullopt;
  auto status = read_status(directory);
  if (!status) return std::nullopt;
  return status->voluntary_switches + status->involuntary_switches;
}

}  // namespace

std::unordered_map<pid_t, uint32_t> read_sleeping_threads(const Process& process, const PythonLayout& layout,
                                                          PythonStacks& stacks, uint32_t native) {
  PythonThreads states = read_thread_states(process.memory(), layout);
  ThreadIds(process).resolve(states.threads);
  // The newest interpreter is listed first, and is the one that a thread with states in several runs.
  std::unordered_map<pid_t, std::vector<const PythonThread*>> states_of;
  for (const PythonThread& thread : states.threads) states_of[thread.tid].push_back(&thread);

  RemoteWalker walker(process.memory(), layout);
  std::unordered_map<pid_t, uint32_t> asleep;
  stacks.begin_batch();
  for (pid_t tid : process.threads()) {
    auto before = switches_while_asleep(process, tid);
    if (!before) continue;
    uint32_t stack = native;
    for (const PythonThread* thread : states_of[tid]) {
      WalkMemory memory;
      RemoteWalker::Walk walk = walker.walk(thread->state, thread->thread_id, memory);
      if (walk.leaf_first.empty()) continue;
      stack = stacks.intern(walk.leaf_first, walk.end);
      break;
    }
    if (switches_while_asleep(process, tid) == before) asleep[tid] = stack;
  }
  return asleep;
}

}  // namespace rtprof
