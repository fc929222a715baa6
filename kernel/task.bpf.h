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
struct files_struct;
struct mm_struct {
  unsigned long start_stack;
};
struct sched_entity {
  rt_u64 sum_exec_runtime;
};
struct task_struct {
  struct sched_entity se;
  unsigned int __state;
  unsigned int flags;
  unsigned int in_iowait : 1;
  struct mm_struct* mm;
  struct files_struct* files;
  int pid;
  int tgid;
  struct task_struct* group_leader;
  struct pid* thread_pid;
  rt_u64 start_time;
  struct thread_struct thread;
};
/* PF_EXITING, include/linux/sched.h. */
#define TASK_EXITING 4
/* Before Linux 5.14. */
struct task_struct___old {
  long state;
};
/* arch/x86/include/asm/ptrace.h; linux/ptrace.h has one of the same name for user space. */
struct pt_regs___kernel {
  unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp,
      ss;
};

/* What an iterator over tasks is called with. */
struct seq_file;
struct bpf_iter_meta {
  struct seq_file* seq;
};
struct bpf_iter__task {
  struct bpf_iter_meta* meta;
  struct task_struct* task;
};
#pragma clang attribute pop

#endif /* RTPROF_KERNEL_TASK_BPF_H_ */
