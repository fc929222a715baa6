#pragma once

#include <cstdint>

#include "common/base/result.h"

// What all users of BPF programs share.
namespace rtprof::kernel {

// Keeps libbpf from printing.
void silence_libbpf();

// The same, and checks that the kernel describes its structures. Call before a skeleton is
// opened.
Result<bool> prepare_bpf();

// For task_ids.bpf.h: the inode number of this program's pid namespace, 0 for the initial one.
uint32_t own_pid_namespace();

// For helper_ids.bpf.h: the file of this program's pid namespace; zeros for the initial one.
struct NamespaceFile {
  uint64_t device = 0;
  uint64_t inode = 0;
};
NamespaceFile own_namespace_file();

// What an error of libbpf (positive) while loading programs means.
Failure bpf_load_failure(int error);

}  // namespace rtprof::kernel
