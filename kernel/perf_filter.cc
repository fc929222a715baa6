#include "kernel/perf_filter.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/stat.h>

#include <cerrno>

#include "bpf/perf_filter.skel.h"
#include "common/base/error.h"
#include "common/process/access.h"

namespace rtprof::kernel {
namespace {

int silent(enum libbpf_print_level, const char*, va_list) {
  return 0;
}

}  // namespace

void PerfFilter::Deleter::operator()(perf_filter* skeleton) const {
  perf_filter__destroy(skeleton);
}

Result<PerfFilter> PerfFilter::load(std::span<const pid_t> pids) {
  libbpf_set_print(silent);
  PerfFilter filter;
  filter.skeleton_.reset(perf_filter__open());
  if (!filter.skeleton_) return Failure{"opening a BPF program: " + errno_text(errno), errno};
  struct stat info {};
  if (in_container() && ::stat("/proc/self/ns/pid", &info) == 0) {
    filter.skeleton_->rodata->own_namespace_device = info.st_dev;
    filter.skeleton_->rodata->own_namespace_inode = info.st_ino;
  }
  if (int error = perf_filter__load(filter.skeleton_.get())) {
    return Failure{"loading a BPF program: " + errno_text(-error), -error};
  }
  int processes = bpf_map__fd(filter.skeleton_->maps.sampled_processes);
  for (pid_t pid : pids) {
    auto key = static_cast<uint32_t>(pid);
    uint8_t value = 1;
    if (bpf_map_update_elem(processes, &key, &value, BPF_ANY) != 0) {
      return Failure{"filling a BPF map: " + errno_text(errno), errno};
    }
  }
  return filter;
}

int PerfFilter::program() const {
  return bpf_program__fd(skeleton_->progs.is_target);
}

}  // namespace rtprof::kernel
