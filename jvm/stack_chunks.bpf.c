/* Runs before a sample is taken of a thread of a JVM, by a perf event: attaches the frames of its virtual
 * thread that are in the heap. */
#include "jvm/chunks.bpf.h"
#include "kernel/helper_ids.bpf.h"
/* After linux/bpf.h, whose types it uses. */
#include <linux/bpf_perf_event.h>

/* Written to the ring of the sample. */
struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __uint(max_entries, 1); /* as many as there are CPUs */
  __type(key, rt_u32);
  __type(value, rt_u32);
} output SEC(".maps");

SEC("perf_event")
int copy_chunks(struct bpf_perf_event_data* event) {
  struct bpf_pidns_info ids;
  if (rt_current_ids(&ids) != 0) return 1;
  rt_u32 size = 0;
  struct rt_chunk_record* record = rt_copy_chunks(ids.tgid, ids.pid, &size);
  if (record && size <= sizeof *record)
    bpf_perf_event_output(event, &output, BPF_F_CURRENT_CPU, record, size);
  return 1;
}

char _license[] SEC("license") = "Dual MIT/GPL";
