#include "kernel/perf_filter.h"

#include <bpf/bpf.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "bpf/perf_filter.skel.h"
#include "common/base/error.h"
#include "kernel/bpf_support.h"

namespace rtprof::kernel {
namespace {

// Inode of a process's pid namespace; 0 when it cannot be told.
ino_t pid_namespace(const std::string& process) {
  struct stat info {};
  return ::stat(("/proc/" + process + "/ns/pid").c_str(), &info) == 0 ? info.st_ino : 0;
}

// Where processes are not what the kernel's first namespace calls them.
void set_namespaces(perf_filter& skeleton, std::span<const pid_t> pids) {
  NamespaceFile own = own_namespace_file();
  skeleton.rodata->own_namespace_device = own.device;
  skeleton.rodata->own_namespace_inode = own.inode;
  if (own.inode == 0) return;
  skeleton.rodata->take_other_namespaces =
      std::ranges::any_of(pids, [&](pid_t pid) { return pid_namespace(std::to_string(pid)) != own.inode; })
          ? 1
          : 0;
}

}  // namespace

void PerfFilter::Deleter::operator()(perf_filter* skeleton) const {
  perf_filter__destroy(skeleton);
}

Result<PerfFilter> PerfFilter::load(std::span<const pid_t> pids, int next) {
  if (auto ready = prepare_bpf(); !ready) return ready.failure();
  PerfFilter filter;
  filter.skeleton_.reset(perf_filter__open());
  if (!filter.skeleton_) return bpf_load_failure(errno);
  set_namespaces(*filter.skeleton_, pids);
  if (int error = perf_filter__load(filter.skeleton_.get())) return bpf_load_failure(-error);
  int processes = bpf_map__fd(filter.skeleton_->maps.sampled_processes);
  for (pid_t pid : pids) {
    auto key = static_cast<uint32_t>(pid);
    uint8_t value = 1;
    if (bpf_map_update_elem(processes, &key, &value, BPF_ANY) != 0) {
      return Failure{"filling a BPF map: " + errno_text(errno), errno};
    }
  }
  uint32_t first = 0;
  bool is_complete = next < 0 || bpf_map_update_elem(bpf_map__fd(filter.skeleton_->maps.next_program), &first,
                                                     &next, BPF_ANY) == 0;
  if (!is_complete) return Failure{"filling a BPF map: " + errno_text(errno), errno};
  return filter;
}

int PerfFilter::program() const {
  return bpf_program__fd(skeleton_->progs.is_target);
}

}  // namespace rtprof::kernel
