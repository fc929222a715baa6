#include "python/bpf_walker.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>

#include "bpf/python_walk.skel.h"
#include "common/base/error.h"
#include "kernel/share_maps.h"

namespace rtprof {

void PythonBpfWalker::Deleter::operator()(python_walk* skeleton) const {
  python_walk__destroy(skeleton);
}
PythonBpfWalker::~PythonBpfWalker() = default;

Result<std::unique_ptr<kernel::Walker>> PythonBpfWalker::load(const kernel::SharedMaps& maps) {
  std::unique_ptr<PythonBpfWalker> walker(new PythonBpfWalker);
  walker->skeleton_.reset(python_walk__open());
  if (!walker->skeleton_) return Failure{"opening the Python walker: " + errno_text(errno), errno};
  kernel::share_maps(walker->skeleton_->maps, maps);
  // The verifier takes some 10 ms for each of the programs.
  bpf_program__set_autoload(walker->skeleton_->progs.python_on_switch, maps.context_switches);
  bpf_program__set_autoload(walker->skeleton_->progs.python_on_waking, maps.wakers);
  if (int error = python_walk__load(walker->skeleton_.get())) {
    return Failure{"loading the Python walker: " + errno_text(-error), -error};
  }
  return std::unique_ptr<kernel::Walker>(std::move(walker));
}

int PythonBpfWalker::clock_program() const {
  return bpf_program__fd(skeleton_->progs.python_on_clock);
}
int PythonBpfWalker::switch_program() const {
  return bpf_program__fd(skeleton_->progs.python_on_switch);
}

int PythonBpfWalker::waking_program() const {
  return bpf_program__fd(skeleton_->progs.python_on_waking);
}

std::optional<Failure> PythonBpfWalker::add(pid_t pid, const rt_py_walk& walk) {
  auto key = static_cast<uint32_t>(pid);
  if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.python_targets), &key, &walk, BPF_ANY) == 0) {
    return std::nullopt;
  }
  return Failure{"telling the Python walker about a process: " + errno_text(errno), errno};
}

void PythonBpfWalker::remove(pid_t pid) {
  auto key = static_cast<uint32_t>(pid);
  bpf_map_delete_elem(bpf_map__fd(skeleton_->maps.python_targets), &key);
}

}  // namespace rtprof
