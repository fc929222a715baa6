/* Runs before a sample of a CPU is taken: says no to what is no target, so that nothing of it is copied.
 * Uses helpers only, no structures of the kernel: any kernel with BPF, with or without BTF. */
#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
/* After linux/bpf.h, whose types they use. */
#include <bpf/bpf_helpers.h>

/* rtprof's pid namespace, by the file of /proc/self/ns/pid; 0: the initial one. */
const volatile unsigned long long own_namespace_device = 0;
const volatile unsigned long long own_namespace_inode = 0;
/* What to answer for tasks whose own namespace is another one: 1 when some target's is, so that rtprof
 * decides when it reads the sample. */
const volatile int take_other_namespaces = 0;

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, unsigned int);
  __type(value, unsigned char);
} sampled_processes SEC(".maps");

SEC("perf_event")
int is_target(struct bpf_perf_event_data* event) {
  unsigned int process;
  if (own_namespace_inode == 0) {
    process = bpf_get_current_pid_tgid() >> 32;
  } else {
    struct bpf_pidns_info ids;
    if (bpf_get_ns_current_pid_tgid(own_namespace_device, own_namespace_inode, &ids, sizeof ids) != 0)
      return take_other_namespaces;
    process = ids.tgid;
  }
  return bpf_map_lookup_elem(&sampled_processes, &process) != 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
