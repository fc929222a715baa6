#pragma once

#include <cstdint>

#include "common/base/result.h"

// What all users of BPF programs share.
namespace rtprof::kernel {

// Keeps libbpf from printing, and checks that the kernel describes its structures. Call before a skeleton is
// opened.
Result<bool> prepare_bpf();

// For task_ids.bpf.h: the inode number of this program's pid namespace, 0 for the initial one.
uint32_t own_pid_namespace();

// What an error of libbpf (positive) while loading programs means.
Failure bpf_load_failure(int error);

}  // namespace rtprof::kernel
