#pragma once

#include <sys/types.h>

#include <memory>

#include "common/base/result.h"
#include "kernel/bpf_sampler.h"
#include "python/walk.h"

struct python_walk;

namespace rtprof {

// The BPF program that walks CPython's frames (walk.bpf.c), loaded once for all targets of all versions.
class PythonBpfWalker final : public kernel::Walker {
 public:
  static Result<std::unique_ptr<kernel::Walker>> load(const kernel::SharedMaps& maps);
  ~PythonBpfWalker() override;

  int clock_program() const override;
  int switch_program() const override;
  int waking_program() const override;

  // What the program needs to know of a process, from before its first event to after its last.
  std::optional<Failure> add(pid_t pid, const rt_py_walk& walk);
  void remove(pid_t pid);

 private:
  PythonBpfWalker() = default;

  struct Deleter {
    void operator()(python_walk* skeleton) const;
  };
  std::unique_ptr<python_walk, Deleter> skeleton_;
};

}  // namespace rtprof
