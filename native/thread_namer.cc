#include "native/thread_namer.h"

#include <algorithm>
#include <iterator>

#include "common/process/procfs.h"

namespace rtprof::native {
namespace {

// A thread that has no name by then is not one of the language.
constexpr int kMostLooks = 4;
constexpr Nanoseconds kBetweenLooks = 20 * kMillisecond;
// Looking may take this share of the time.
constexpr Nanoseconds kLookingShare = 20;

}  // namespace

void ThreadNamer::add(pid_t tid) {
  add(tid, kernel_thread_name(pid_, tid));
}

void ThreadNamer::add(pid_t tid, std::string_view kernel_name) {
  if (!kernel_name.empty()) recorder_.thread_name({pid_, tid}, kernel_name);
  if (names_) looks_[tid] = 0;
}

void ThreadNamer::update(TimePoint now) {
  if (looks_.empty() || now < next_) return;
  std::vector<pid_t> tids;
  for (const auto& [tid, looks] : looks_) tids.push_back(tid);
  std::unordered_map<pid_t, std::string> known = names_->read(tids);
  for (auto thread = looks_.begin(); thread != looks_.end();) {
    auto found = known.find(thread->first);
    if (found != known.end()) recorder_.thread_name({pid_, thread->first}, found->second);
    bool done = found != known.end() || ++thread->second == kMostLooks;
    thread = done ? looks_.erase(thread) : std::next(thread);
  }
  TimePoint end = monotonic_now();
  next_ = end + std::max(kBetweenLooks, kLookingShare * (end - now));
}

void ThreadNamer::update_all(std::span<const pid_t> tids) {
  if (!names_) return;
  for (const auto& [tid, name] : names_->read(tids)) recorder_.thread_name({pid_, tid}, name);
}

}  // namespace rtprof::native
