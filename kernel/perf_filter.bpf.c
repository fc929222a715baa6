/* Runs before a sample of a CPU is taken: says no to what is no target, so that nothing of it is copied.
 * Uses helpers only, no structures of the kernel: any kernel with BPF, with or without BTF. */
#include "kernel/helper_ids.bpf.h"
/* After linux/bpf.h, whose types it uses. */
#include <linux/bpf_perf_event.h>

/* What to answer for tasks whose own namespace is another one: 1 when some target's is, so that rtprof
 * decides when it reads the sample. */
const volatile int take_other_namespaces = 0;

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, unsigned int);
  __type(value, unsigned char);
} sampled_processes SEC(".maps");

/* What decides next of a target's sample, where there is something. */
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __type(key, unsigned int);
  __type(value, unsigned int);
} next_program SEC(".maps");

SEC("perf_event")
int is_target(struct bpf_perf_event_data* event) {
  struct bpf_pidns_info ids;
  if (rt_current_ids(&ids) != 0) return take_other_namespaces;
  unsigned int process = ids.tgid;
  if (!bpf_map_lookup_elem(&sampled_processes, &process)) return 0;
  bpf_tail_call(event, &next_program, 0);
  return 1;
}

char _license[] SEC("license") = "Dual MIT/GPL";
