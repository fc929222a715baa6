/* The kernel's tasks, as far as the BPF programs look at them: structures with the fields that are used,
 * whose accesses libbpf relocates, and the ids of tasks as rtprof sees them. */
#ifndef RTPROF_KERNEL_TASK_BPF_H_
#define RTPROF_KERNEL_TASK_BPF_H_

#include <linux/bpf.h>
/* After linux/bpf.h, whose types they use. */
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "kernel/record.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct ns_common {
  unsigned int inum;
};
struct pid_namespace {
  struct ns_common ns;
};
struct upid {
  int nr;
  struct pid_namespace* ns;
};
struct pid {
  unsigned int level;
  struct upid numbers[1];
};
struct thread_struct {
  unsigned long fsbase;
};
struct task_struct {
  unsigned int __state;
  int pid;
  int tgid;
  struct task_struct* group_leader;
  struct pid* thread_pid;
  rt_u64 start_time;
  struct thread_struct thread;
};
/* Before Linux 5.14. */
struct task_struct___old {
  long state;
};
#pragma clang attribute pop

#endif /* RTPROF_KERNEL_TASK_BPF_H_ */
