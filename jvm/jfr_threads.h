#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "common/process/process.h"
#include "common/sampler/recorder.h"
#include "common/sampler/thread_namer.h"
#include "jvm/inner_tids.h"
#include "jvm/jfr_constants.h"

namespace rtprof::jvm {

// The threads of a JVM that records itself, by their ids as in a profile: those of the kernel, and those of
// virtual threads negated. Names them for the recorder.
class JfrThreads {
 public:
  // `process` and `recorder` outlive this.
  JfrThreads(const Process& process, Recorder& recorder, std::shared_ptr<RuntimeThreadNames> names)
      : process_(process),
        recorder_(recorder),
        names_(process.pid(), recorder, std::move(names)),
        tids_(process) {}

  struct Known {
    std::string kind;         // what it is for, where it runs no Java: "[GC]"
    std::string name;         // as the recording has it
    bool is_carrier = false;  // of virtual threads
    bool is_java = false;
    int looks = 0;  // at the kernel's name of it
  };
  const Known& operator[](int32_t thread) { return known(thread); }
  size_t size() const { return known_.size(); }

  int32_t id_of(const JfrThread& thread);
  // Of a virtual thread of which no more is said.
  int32_t id_of_virtual(uint64_t java_id);
  // Of a tid in the target's pid namespace; the process's where it is not known.
  pid_t outer(int64_t inner);
  // A tid in the target's pid namespace.
  void add_carrier(int64_t inner);

  // Names threads that have come.
  void update(TimePoint now);

 private:
  Known& known(int32_t thread);
  void find_carriers();
  void ask_name(int32_t thread, Known& known) const;

  const Process& process_;
  Recorder& recorder_;
  ThreadNamer names_;
  InnerTids tids_;
  TimePoint looked_at_tids_ = 0;
  std::unordered_map<int32_t, Known> known_;
  std::vector<int64_t> unknown_carriers_;  // that began since the tids were looked at
  size_t virtual_threads_ = 0;
};

}  // namespace rtprof::jvm
