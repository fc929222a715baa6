/* Snapshots of machine stacks on their way from the entry programs (machine.bpf.h) to the ring. Between the
 * two a walker may add to one what belongs to it and is not on the stack. */
#ifndef RTPROF_KERNEL_SNAPSHOTS_BPF_H_
#define RTPROF_KERNEL_SNAPSHOTS_BPF_H_

#include "kernel/sampler.bpf.h"

struct rt_machine_buffer {
  struct rt_machine_record header;
  rt_u8 bytes[RT_MAX_STACK_BYTES];
};

/* One a CPU, as many as rtprof has found: values of per-CPU maps cannot be as large. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, rt_u32);
  __type(value, struct rt_machine_buffer);
} clock_snapshots SEC(".maps");

/* Of threads that wait, by tid: where they blocked, and where what woke them up was. rtprof makes the
 * elements. */
struct snapshots_by_thread {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 16384);
  __type(key, rt_u32);
  __type(value, struct rt_machine_buffer);
};
struct snapshots_by_thread wait_snapshots SEC(".maps");
struct snapshots_by_thread waker_snapshots SEC(".maps");

/* That of the clock tick which the current CPU is in. */
static __always_inline struct rt_machine_buffer* rt_clock_snapshot(void) {
  rt_u32 cpu = bpf_get_smp_processor_id();
  return bpf_map_lookup_elem(&clock_snapshots, &cpu);
}

/* True when it was sent: the record of the same moment is marked with RT_SAMPLE_MACHINE then. */
static __always_inline int rt_send_snapshot(struct rt_machine_buffer* buffer) {
  rt_u64 size = buffer->header.size + buffer->header.attached;
  if (size > RT_MAX_STACK_BYTES) return 0;
  return rt_send(&buffer->header.record, sizeof buffer->header + size, BPF_RB_NO_WAKEUP) == 0;
}

#endif /* RTPROF_KERNEL_SNAPSHOTS_BPF_H_ */
