#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>

#include "common/process/memory.h"
#include "common/process/page_cache.h"
#include "python/containers.h"
#include "python/layout.h"
#include "python/threads.h"

namespace rtprof {

// What the program calls its threads: the module `threading` keeps a Thread object for each in the dict
// `_active`, by the thread's pthread_t. Threads that it did not start and that never asked for theirs have
// none. Read while the target runs.
class ThreadNames {
 public:
  ThreadNames(const Memory& memory, const PythonLayout& layout);

  // The names of all threads of these interpreters, by pthread_t. An interpreter without `threading` has
  // none.
  std::unordered_map<uint64_t, std::string> read(std::span<const PythonInterpreter> interpreters);

 private:
  Address active_of(Address interpreter);

  PageCache cache_;
  Containers containers_;
  std::unordered_map<Address, Address> active_;  // interpreter → dict, which it keeps for as long as it lives
};

}  // namespace rtprof
