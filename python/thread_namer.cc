#include "python/thread_namer.h"

#include <algorithm>
#include <iterator>

namespace rtprof {
namespace {

// A thread that is not known by then was not started by the module threading.
constexpr int kMostLooks = 4;
constexpr Nanoseconds kBetweenLooks = 20 * kMillisecond;
// Looking may take this share of the time.
constexpr Nanoseconds kLookingShare = 20;

}  // namespace

ThreadNamer::ThreadNamer(const Process& process, const PythonLayout& layout, Recorder& recorder)
    : process_(process),
      layout_(layout),
      recorder_(recorder),
      ids_(process),
      names_(process.memory(), layout) {}

std::unordered_map<pid_t, std::string> ThreadNamer::names_by_tid() {
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

// True when the program itself named the thread.
bool ThreadNamer::name(pid_t tid, const std::unordered_map<pid_t, std::string>& known) {
  auto found = known.find(tid);
  std::string name = found != known.end() ? found->second : kernel_thread_name(process_.pid(), tid);
  if (!name.empty()) recorder_.thread_name({process_.pid(), tid}, name);
  return found != known.end();
}

void ThreadNamer::update(TimePoint now) {
  if (looks_.empty() || now < next_) return;
  std::unordered_map<pid_t, std::string> known = names_by_tid();
  for (auto thread = looks_.begin(); thread != looks_.end();) {
    bool done = name(thread->first, known) || ++thread->second == kMostLooks;
    thread = done ? looks_.erase(thread) : std::next(thread);
  }
  TimePoint end = monotonic_now();
  next_ = end + std::max(kBetweenLooks, kLookingShare * (end - now));
}

void ThreadNamer::update_all() {
  std::unordered_map<pid_t, std::string> known = names_by_tid();
  for (pid_t tid : process_.threads()) name(tid, known);
}

}  // namespace rtprof
