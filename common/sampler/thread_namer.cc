#include "common/sampler/thread_namer.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "common/process/procfs.h"

namespace rtprof {
namespace {

// A thread that has no name by then is not one of the language.
constexpr int kMostLooks = 4;
constexpr Nanoseconds kBetweenLooks = 20 * kMillisecond;
// Looking may take this share of the time.
constexpr Nanoseconds kLookingShare = 20;

}  // namespace

void ThreadNamer::add(pid_t tid) {
  // With a runtime, a look tells the kernel's name, too.
  add(tid, names_ ? std::string() : kernel_thread_name(pid_, tid));
}

void ThreadNamer::add(pid_t tid, std::string_view kernel_name) {
  if (!kernel_name.empty()) recorder_.thread_name({pid_, tid}, kernel_name);
  if (names_) looks_[tid] = 0;
  named_.erase(tid);
}

// True when the program itself named the thread.
bool ThreadNamer::name(pid_t tid, const std::unordered_map<pid_t, std::string>& known) {
  if (auto found = known.find(tid); found != known.end()) {
    named_.insert(tid);
    recorder_.thread_name({pid_, tid}, found->second);
    return true;
  }
  if (named_.contains(tid)) return true;
  std::string name = kernel_thread_name(pid_, tid);
  if (!name.empty()) recorder_.thread_name({pid_, tid}, name);
  return false;
}

void ThreadNamer::update(TimePoint now) {
  if (looks_.empty() || now < next_) return;
  std::vector<pid_t> tids;
  for (const auto& [tid, looks] : looks_) tids.push_back(tid);
  std::unordered_map<pid_t, std::string> known = names_->read(tids);
  for (auto thread = looks_.begin(); thread != looks_.end();) {
    bool done = name(thread->first, known) || ++thread->second == kMostLooks;
    thread = done ? looks_.erase(thread) : std::next(thread);
  }
  TimePoint end = monotonic_now();
  next_ = end + std::max(kBetweenLooks, kLookingShare * (end - now));
}

void ThreadNamer::update_all(std::span<const pid_t> tids) {
  std::unordered_map<pid_t, std::string> known;
  if (names_) known = names_->read(tids);
  for (pid_t tid : tids) name(tid, known);
}

}  // namespace rtprof
