#pragma once

#include <sys/types.h>

#include <unordered_set>

#include "common/process/stack_snapshot.h"
#include "common/sampler/recorder.h"
#include "native/runtime_code.h"

namespace rtprof::native {

// Shows threads that a language's runtime lets others carry as threads of their own: by negative ids, which
// no thread of the machine has. Lives on one thread.
class CarriedThreads {
 public:
  // Both outlive this; `runtime` is null where there is none.
  CarriedThreads(pid_t pid, Recorder& recorder, RuntimeCode* runtime)
      : pid_(pid), recorder_(recorder), runtime_(runtime) {}

  // Whose stack a snapshot of `tid` is: `tid`, or the negative of an id of the language's. Names those that
  // are new.
  pid_t whose(pid_t tid, const StackSnapshot& snapshot);

 private:
  const pid_t pid_;
  Recorder& recorder_;
  RuntimeCode* const runtime_;
  std::unordered_set<uint64_t> named_;
};

}  // namespace rtprof::native
