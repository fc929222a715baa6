/* Ids of the current task as rtprof's own pid namespace has them, by helpers alone: for programs that load
 * with or without BTF. */
#ifndef RTPROF_KERNEL_HELPER_IDS_BPF_H_
#define RTPROF_KERNEL_HELPER_IDS_BPF_H_

#include <linux/bpf.h>
/* After linux/bpf.h, whose types it uses. */
#include <bpf/bpf_helpers.h>

/* rtprof's pid namespace, by the file of /proc/self/ns/pid; 0: the initial one. */
const volatile unsigned long long own_namespace_device = 0;
const volatile unsigned long long own_namespace_inode = 0;

/* 0; not for a task whose own namespace is another one. */
static __always_inline long rt_current_ids(struct bpf_pidns_info* ids) {
  if (own_namespace_inode != 0)
    return bpf_get_ns_current_pid_tgid(own_namespace_device, own_namespace_inode, ids, sizeof *ids);
  unsigned long long both = bpf_get_current_pid_tgid();
  ids->pid = (unsigned int)both;
  ids->tgid = both >> 32;
  return 0;
}

#endif /* RTPROF_KERNEL_HELPER_IDS_BPF_H_ */
