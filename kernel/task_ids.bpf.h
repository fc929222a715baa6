/* Ids of tasks as rtprof's own pid namespace has them. */
#ifndef RTPROF_KERNEL_TASK_IDS_BPF_H_
#define RTPROF_KERNEL_TASK_IDS_BPF_H_

#include "kernel/task.bpf.h"

/* Where rtprof lives: ids in maps and records are those of this pid namespace. 0: the initial one. */
const volatile rt_u32 own_pid_namespace = 0;

/* How deep namespaces are followed; the kernel allows 32. */
#define MAX_NAMESPACE_DEPTH 8

/* 0 when the task is not visible from rtprof's namespace. */
static __always_inline rt_u32 id_in_own_namespace(struct task_struct* task) {
  struct pid* pid = BPF_CORE_READ(task, thread_pid);
  if (!pid) return 0;
  rt_u32 deepest = BPF_CORE_READ(pid, level);
  void* numbers = (void*)pid + bpf_core_field_offset(struct pid, numbers);
  for (rt_u32 level = 0; level <= MAX_NAMESPACE_DEPTH; ++level) {
    if (level > deepest) break;
    struct upid* number = numbers + level * bpf_core_type_size(struct upid);
    if (BPF_CORE_READ(number, ns, ns.inum) == own_pid_namespace) return BPF_CORE_READ(number, nr);
  }
  return 0;
}

static __always_inline rt_u32 tid_of(struct task_struct* task) {
  return own_pid_namespace == 0 ? (rt_u32)BPF_CORE_READ(task, pid) : id_in_own_namespace(task);
}

static __always_inline rt_u32 tgid_of(struct task_struct* task) {
  if (own_pid_namespace == 0) return BPF_CORE_READ(task, tgid);
  return id_in_own_namespace(BPF_CORE_READ(task, group_leader));
}

#endif /* RTPROF_KERNEL_TASK_IDS_BPF_H_ */
