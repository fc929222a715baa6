#pragma once

#include "common/process/process.h"
#include "common/sampler/thread_namer.h"
#include "jvm/java_threads.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

// What the program calls its Java threads. Lives on one thread.
class JavaThreadNames final : public RuntimeThreadNames {
 public:
  // `process` outlives this.
  JavaThreadNames(const Process& process, Layout layout)
      : process_(process), layout_(std::move(layout)), threads_(process.memory(), layout_) {}

  std::unordered_map<pid_t, std::string> read(std::span<const pid_t> tids) override;

 private:
  const Process& process_;
  const Layout layout_;
  JavaThreads threads_;
};

}  // namespace rtprof::jvm
