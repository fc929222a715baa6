#include "jvm/thread_names.h"

#include "jvm/inner_tids.h"

namespace rtprof::jvm {

std::unordered_map<pid_t, std::string> JavaThreadNames::read(std::span<const pid_t> tids) {
  std::unordered_map<pid_t, std::string> names;
  if (threads_.begin()) return names;
  std::unordered_map<pid_t, Address> by_inner;
  for (const JavaThreads::Known& thread : threads_.list()) by_inner[thread.tid] = thread.address;
  for (pid_t tid : tids) {
    auto thread = by_inner.find(inner_tid(process_, tid));
    std::string name = thread == by_inner.end() ? std::string() : threads_.name_of(thread->second);
    if (!name.empty()) names[tid] = std::move(name);
  }
  return names;
}

}  // namespace rtprof::jvm
