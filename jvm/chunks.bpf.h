/* What BPF programs know of JVMs that have virtual threads, and the frames of those that are in the heap
 * (jvm/chunk_copy.h). Uses helpers only: no structures of the kernel. */
#ifndef RTPROF_JVM_CHUNKS_BPF_H_
#define RTPROF_JVM_CHUNKS_BPF_H_

#include <linux/bpf.h>
/* After linux/bpf.h, whose types it uses. */
#include <bpf/bpf_helpers.h>

#define RT_INLINE static __always_inline
#define RT_READ(to, size, from) bpf_probe_read_user(to, size, (const void*)(from))
#define RT_LOOP(count, step, context) bpf_loop(count, step, context, 0)
#include "jvm/chunk_copy.h"

/* By process. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, rt_u32);
  __type(value, struct rt_chunk_settings);
} chunk_settings SEC(".maps");

/* JavaThreads by their tids. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16384);
  __type(key, rt_u32);
  __type(value, rt_u64);
} java_threads SEC(".maps");

/* One for each CPU: the kernel's own arrays for each CPU are too small. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1); /* as many as there are CPUs */
  __type(key, rt_u32);
  __type(value, struct rt_chunk_scratch);
} scratches SEC(".maps");

/* Of the virtual thread that the current thread carries: the record, one a CPU, and its size. 0 where there
 * is none, or it has all its frames on the stack. Ids are those of rtprof's pid namespace. */
static __always_inline struct rt_chunk_record* rt_copy_chunks(rt_u32 tgid, rt_u32 tid, rt_u32* size) {
  struct rt_chunk_settings* with = bpf_map_lookup_elem(&chunk_settings, &tgid);
  if (!with) return 0;
  rt_u64* thread = bpf_map_lookup_elem(&java_threads, &tid);
  if (!thread) return 0;
  rt_u64 entry;
  rt_u64 continuation = rt_continuation_of(with, *thread, &entry);
  if (!continuation) return 0;
  rt_u32 cpu = bpf_get_smp_processor_id();
  struct rt_chunk_scratch* to = bpf_map_lookup_elem(&scratches, &cpu);
  if (!to) return 0;
  *size = rt_copy_continuation(with, entry, continuation, to);
  return *size ? &to->record : 0;
}

#endif /* RTPROF_JVM_CHUNKS_BPF_H_ */
