#include "kernel/bpf_support.h"

#include <bpf/libbpf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/error.h"

namespace rtprof::kernel {
namespace {

int silent(enum libbpf_print_level, const char*, va_list) {
  return 0;
}

// The initial namespace's inode number is fixed: PROC_PID_INIT_INO, include/linux/proc_ns.h.
constexpr ino_t kInitialPidNamespace = 0xEFFFFFFC;

}  // namespace

void silence_libbpf() {
  libbpf_set_print(silent);
}

Result<bool> prepare_bpf() {
  silence_libbpf();
  if (::access("/sys/kernel/btf/vmlinux", R_OK) != 0) return bpf_load_failure(ESRCH);
  return true;
}

uint32_t own_pid_namespace() {
  struct stat info {};
  ::stat("/proc/self/ns/pid", &info);
  return info.st_ino == kInitialPidNamespace ? 0 : static_cast<uint32_t>(info.st_ino);
}

NamespaceFile own_namespace_file() {
  struct stat info {};
  if (::stat("/proc/self/ns/pid", &info) != 0 || info.st_ino == kInitialPidNamespace) return {};
  return {info.st_dev, info.st_ino};
}

Failure bpf_load_failure(int error) {
  switch (error) {
    case EPERM:
    case EACCES:
      return {"BPF is not permitted (needs root, or CAP_BPF and CAP_PERFMON)", error};
    case ESRCH:
      return {"the kernel has no BTF (/sys/kernel/btf/vmlinux)", error};
    case EINVAL:
    case ENOTSUP:
      return {"the kernel's BPF is too old (needs Linux 5.17)", error};
    default:
      return {"loading the BPF programs: " + errno_text(error), error};
  }
}

}  // namespace rtprof::kernel
