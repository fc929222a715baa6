#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "common/base/fd.h"
#include "common/process/process.h"
#include "common/sampler/pulled_thread.h"

namespace rtprof {

// The threads of a target as the kernel lists them; `Thread` is a PulledThread.
template <typename Thread>
class ThreadList {
 public:
  // `process` outlives this.
  ThreadList(const Process& process, double max_pause_share)
      : process_(process),
        max_pause_share_(max_pause_share),
        task_directory_(::open((process.directory() + "/task").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

  // True when the kernel has more or fewer threads than were last listed. One system call.
  bool outdated() const {
    // The directory of tasks has a link for each, and two of its own (proc_task_getattr, fs/proc/base.c).
    struct stat info {};
    bool counted = ::fstat(task_directory_.get(), &info) == 0;
    return !counted || info.st_nlink != listed_ + 2;
  }

  // Lists anew. Threads that have ended are handed out; new ones have no ledger yet.
  std::vector<std::unique_ptr<PulledThread>> refresh(TimePoint now) {
    std::vector<pid_t> tids = process_.threads();
    listed_ = tids.size();
    std::sort(tids.begin(), tids.end());
    std::vector<std::unique_ptr<PulledThread>> ended;
    std::erase_if(threads_, [&](std::unique_ptr<Thread>& thread) {
      bool listed = std::binary_search(tids.begin(), tids.end(), thread->tid) && thread->probe.state() != 'X';
      if (!listed) ended.push_back(std::move(thread));
      return !listed;
    });
    std::vector<pid_t> known;
    for (const auto& thread : threads_) known.push_back(thread->tid);
    std::sort(known.begin(), known.end());
    for (pid_t tid : tids) {
      if (std::binary_search(known.begin(), known.end(), tid)) continue;
      threads_.push_back(std::make_unique<Thread>(process_.pid(), tid, max_pause_share_, now));
      ++seen_;
    }
    return ended;
  }

  std::vector<std::unique_ptr<Thread>>& threads() { return threads_; }
  // Threads that there have been.
  size_t seen() const { return seen_; }

 private:
  const Process& process_;
  double max_pause_share_;
  UniqueFd task_directory_;
  std::vector<std::unique_ptr<Thread>> threads_;
  size_t listed_ = 0;
  size_t seen_ = 0;
};

}  // namespace rtprof
