#include "python/thread_names_by_tid.h"

namespace rtprof {

std::unordered_map<pid_t, std::string> ThreadNamesByTid::read(std::span<const pid_t>) {
  PythonThreads states = read_thread_states(process_.memory(), layout_);
  std::unordered_map<uint64_t, std::string> names = names_.read(states.interpreters);
  std::erase_if(states.threads,
                [&](const PythonThread& thread) { return !names.contains(thread.thread_id); });
  ids_.resolve(states.threads);
  std::unordered_map<pid_t, std::string> by_tid;
  for (const PythonThread& thread : states.threads) {
    if (thread.tid != 0) by_tid.emplace(thread.tid, names[thread.thread_id]);
  }
  return by_tid;
}

}  // namespace rtprof
