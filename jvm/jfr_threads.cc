#include "jvm/jfr_threads.h"

#include <limits>

#include "common/process/procfs.h"
#include "jvm/thread_kinds.h"

namespace rtprof::jvm {
namespace {

constexpr Nanoseconds kBetweenLooksAtTids = kSecond;
constexpr size_t kMostVirtualThreads = 20'000;
// All that there are no ids for.
constexpr int32_t kOtherVirtualThreads = std::numeric_limits<int32_t>::min();

}  // namespace

int32_t JfrThreads::id_of(const JfrThread& thread) {
  int32_t id = 0;
  if (thread.is_virtual) {
    bool fits = thread.java_id > 0 && thread.java_id <= std::numeric_limits<int32_t>::max();
    id = fits ? static_cast<int32_t>(-thread.java_id) : kOtherVirtualThreads;
    bool is_new = !known_.contains(id);
    if (is_new && ++virtual_threads_ > kMostVirtualThreads) return kOtherVirtualThreads;
  } else {
    id = outer(thread.os_id);
  }
  Known& known = known_[id];
  known.is_java = true;
  if (!thread.name.empty() && known.name != thread.name) {
    known.name = thread.name;
    recorder_.thread_name({process_.pid(), id}, thread.name);
  }
  return id;
}

int32_t JfrThreads::id_of_virtual(uint64_t java_id) {
  return id_of({.java_id = static_cast<int64_t>(java_id), .is_virtual = true});
}

pid_t JfrThreads::outer(int64_t inner) {
  if (inner <= 0 || inner > std::numeric_limits<pid_t>::max()) return process_.pid();
  pid_t tid = tids_.outer(static_cast<pid_t>(inner));
  if (tid == 0 && monotonic_now() - looked_at_tids_ > kBetweenLooksAtTids) {
    looked_at_tids_ = monotonic_now();
    tids_ = InnerTids(process_);
    tid = tids_.outer(static_cast<pid_t>(inner));
  }
  return tid == 0 ? process_.pid() : tid;
}

void JfrThreads::add_carrier(int64_t inner) {
  unknown_carriers_.push_back(inner);
  find_carriers();
}

void JfrThreads::find_carriers() {
  std::erase_if(unknown_carriers_, [this](int64_t inner) {
    pid_t tid = outer(inner);
    if (tid != process_.pid()) known(tid).is_carrier = true;
    return tid != process_.pid();
  });
}

void JfrThreads::update(TimePoint now) {
  names_.update(now);
  find_carriers();
}

JfrThreads::Known& JfrThreads::known(int32_t thread) {
  auto [found, is_new] = known_.try_emplace(thread);
  // A thread that has just begun has the name of the one that made it.
  constexpr int kMostLooks = 4;
  Known& known = found->second;
  if (thread > 0 && known.kind.empty() && known.looks++ < kMostLooks) ask_name(thread, known);
  if (thread > 0 && is_new && known.name.empty()) names_.add(thread);
  return known;
}

void JfrThreads::ask_name(int32_t thread, Known& known) const {
  std::string name = kernel_thread_name(process_.pid(), thread);
  known.kind = kind_of_thread(name);
  if (name.starts_with("JFR ")) known.kind = "[VM]";
}

}  // namespace rtprof::jvm
