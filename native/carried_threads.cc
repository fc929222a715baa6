#include "native/carried_threads.h"

#include <limits>

namespace rtprof::native {

pid_t CarriedThreads::whose(pid_t tid, const StackSnapshot& snapshot) {
  if (runtime_ == nullptr || snapshot.attached.empty()) return tid;
  auto carried = runtime_->carried_thread(snapshot.attached);
  if (!carried || carried->id > static_cast<uint64_t>(std::numeric_limits<pid_t>::max())) return tid;
  pid_t shown = -static_cast<pid_t>(carried->id);
  if (named_.insert(carried->id).second) recorder_.thread_name({pid_, shown}, carried->name);
  return shown;
}

}  // namespace rtprof::native
