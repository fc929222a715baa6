/* The walker of JVMs whose machine stacks are taken (kernel/machine.bpf.h): attaches to those of threads that
 * carry a virtual thread its frames that are in the heap. Frames are found outside. */
#include "jvm/chunks.bpf.h"
#include "kernel/snapshots.bpf.h"

#define RECORD_HEAD_BYTES (sizeof(struct rt_chunk_record) - RT_MAX_CHUNK_BYTES)

static __always_inline void attach_chunks(const struct rt_context* context,
                                          struct rt_machine_buffer* snapshot) {
  rt_u32 size = 0;
  struct rt_chunk_record* record = rt_copy_chunks(context->tgid, context->tid, &size);
  rt_u64 at = snapshot->header.size;
  if (!record || size > sizeof *record || at > RT_MAX_STACK_BYTES - RECORD_HEAD_BYTES) return;
  /* Where the stack leaves no room, whose it is at least. */
  if (at > RT_MAX_STACK_BYTES - sizeof *record) size = RECORD_HEAD_BYTES;
  if (bpf_probe_read_kernel(snapshot->bytes + at, size, record) == 0) snapshot->header.attached = size;
}

/* The frames are those of the snapshot. */
static __always_inline void finish(struct rt_context* context) {
  context->stack.header.count = 0;
  context->stack.header.end = RT_END_NO_THREAD;
  rt_finish(context, 0);
}

SEC("perf_event")
int jvm_on_clock(struct bpf_perf_event_data* event) {
  struct rt_context* context = rt_current_context();
  struct rt_machine_buffer* snapshot = rt_clock_snapshot();
  if (!context || !snapshot) return 0;
  attach_chunks(context, snapshot);
  if (rt_send_snapshot(snapshot)) context->flags |= RT_SAMPLE_MACHINE;
  finish(context);
  return 0;
}

SEC("tp_btf/sched_switch")
int jvm_on_switch(void* event) {
  struct rt_context* context = rt_current_context();
  if (!context) return 0;
  rt_u32 tid = context->tid;
  struct rt_machine_buffer* snapshot = bpf_map_lookup_elem(&wait_snapshots, &tid);
  if (snapshot) attach_chunks(context, snapshot);
  finish(context);
  return 0;
}

SEC("tp_btf/sched_waking")
int jvm_on_waking(void* event) {
  struct rt_context* context = rt_current_context();
  if (!context) return 0;
  rt_u32 woken = context->woken;
  struct rt_machine_buffer* snapshot = bpf_map_lookup_elem(&waker_snapshots, &woken);
  if (snapshot) attach_chunks(context, snapshot);
  return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
