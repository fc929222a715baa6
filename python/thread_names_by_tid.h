#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <unordered_map>

#include "common/process/process.h"
#include "common/sampler/thread_namer.h"
#include "python/thread_names.h"
#include "python/threads.h"

namespace rtprof {

// What the program calls its Python threads, by thread id. Lives on one thread.
class ThreadNamesByTid final : public RuntimeThreadNames {
 public:
  // `process` outlives this.
  ThreadNamesByTid(const Process& process, const PythonLayout& layout)
      : process_(process), layout_(layout), ids_(process), names_(process.memory(), layout) {}

  std::unordered_map<pid_t, std::string> read(std::span<const pid_t> tids) override;

 private:
  const Process& process_;
  const PythonLayout layout_;
  ThreadIds ids_;
  ThreadNames names_;
};

}  // namespace rtprof
