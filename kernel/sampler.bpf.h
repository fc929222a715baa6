/* What the entry programs (entry.bpf.c) and the walkers of the runtimes share: maps, and the last step of
 * every sample, which a walker calls with the frames it found.
 *
 * A sample goes: event → entry program → tail call of the target's walker → rt_finish(). A walker is one
 * program for each type of entry (clock tick, context switch, wake-up), since a tail call cannot change a
 * program's type.
 *
 * Walkers read their target's memory and none of the kernel's structures. So libbpf needs the kernel's types,
 * of which it takes 10 ms to read megabytes, for the entry programs alone. */
#ifndef RTPROF_KERNEL_SAMPLER_BPF_H_
#define RTPROF_KERNEL_SAMPLER_BPF_H_

#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
/* After linux/bpf.h, whose types they use. */
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "kernel/record.h"

#define RT_KNOWN_STACKS 32768
/* rtprof maps the ring twice. It makes it larger where each wait is recorded. */
#define RT_RING_BYTES (2 << 20)
/* Records wait for the next regular read, every 100 ms, or until there are this many bytes of them. */
#define RT_RING_FULL_ENOUGH (RT_RING_BYTES / 4)

enum rt_entry { RT_ENTRY_CLOCK, RT_ENTRY_SWITCH, RT_ENTRY_WAKING };

/* A stack record and its frames, as they are sent. */
struct rt_stack_buffer {
  struct rt_stack_record header;
  struct rt_raw_frame frames[RT_MAX_FRAMES];
};

/* What a sample is, on its way from the entry program through the walker to rt_finish(). One a CPU suffices:
 * the entries run with interrupts off once they use it. (A thread that is about to sleep can wake itself up
 * with interrupts on, but that is no end of a wait.) */
struct rt_context {
  rt_u32 entry;
  rt_u32 target;
  rt_u32 tid;
  rt_u32 flags;
  rt_u32 tgid;
  rt_u32 target_flags;   /* enum rt_target_flags */
  rt_u64 thread_pointer; /* of the thread: where its thread-local storage is */
  rt_u64 time;
  rt_u64 cpu;
  rt_u64 running;
  rt_u64 kernel_stack; /* RT_ENTRY_CLOCK */
  rt_u32 woken;        /* RT_ENTRY_WAKING: the thread whose waker `tid` is */
  struct rt_stack_buffer stack;
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, rt_u32);
  __type(value, struct rt_target);
} targets SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16384);
  __type(key, rt_u32);
  __type(value, struct rt_thread);
} threads SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, RT_KNOWN_STACKS);
  __type(key, rt_u64);
  __type(value, rt_u8);
} known_stacks SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, rt_u32);
  __type(value, struct rt_context);
} contexts SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, RT_RING_BYTES);
} records SEC(".maps");

/* Records that found no room, by target. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1024);
  __type(key, rt_u32);
  __type(value, rt_u64);
} lost_records SEC(".maps");

static __always_inline struct rt_context* rt_current_context(void) {
  rt_u32 zero = 0;
  return bpf_map_lookup_elem(&contexts, &zero);
}

static __always_inline long rt_send(struct rt_record* record, rt_u64 size, rt_u64 flags) {
  if (flags == BPF_RB_NO_WAKEUP && bpf_ringbuf_query(&records, BPF_RB_AVAIL_DATA) > RT_RING_FULL_ENOUGH)
    flags = BPF_RB_FORCE_WAKEUP;
  long failed = bpf_ringbuf_output(&records, record, size, flags);
  /* What is lost of other types shows in the samples that name it. */
  int is_sample = record->type == RT_RECORD_SAMPLE || record->type == RT_RECORD_WAIT ||
                  record->type == RT_RECORD_THREAD_END;
  if (failed && is_sample) {
    rt_u32 target = record->target;
    rt_u64* lost = bpf_map_lookup_elem(&lost_records, &target);
    if (lost) __sync_fetch_and_add(lost, 1);
  }
  return failed;
}

static __always_inline rt_u64 rt_mix(rt_u64 hash, rt_u64 word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
  return hash ^ (hash >> 29);
}

/* Sends the context's stack unless it was sent before; at once, so that what its frames point to is read
 * while it is still there. Other records wait for the next regular read. Returns the stack's hash. */
static __always_inline rt_u64 rt_intern_stack(struct rt_context* context, rt_u64 hash) {
  struct rt_stack_record* header = &context->stack.header;
  hash = rt_mix(hash, ((rt_u64)context->target << 32) ^ header->end) | 1;
  if (bpf_map_lookup_elem(&known_stacks, &hash)) return hash;
  rt_u32 count = header->count;
  if (count > RT_MAX_FRAMES) return hash;
  header->record.type = RT_RECORD_STACK;
  header->record.target = context->target;
  header->record.tid = context->tid;
  header->record.flags = 0;
  header->record.time = context->time;
  header->record.stack = hash;
  rt_u64 size = sizeof(struct rt_stack_record) + (rt_u64)count * sizeof(struct rt_raw_frame);
  if (rt_send(&header->record, size, BPF_RB_FORCE_WAKEUP) == 0) {
    rt_u8 sent = 1;
    bpf_map_update_elem(&known_stacks, &hash, &sent, BPF_ANY);
  }
  return hash;
}

/* The last step. `hash` is of the frames in context->stack, whose header has .count and .end;
 * RT_SAMPLE_HOLDS_LOCK is set in context->flags where it holds. */
static __always_inline void rt_finish(struct rt_context* context, rt_u64 hash) {
  rt_u64 stack = rt_intern_stack(context, hash);
  if (context->entry == RT_ENTRY_WAKING) {
    rt_u32 woken = context->woken;
    struct rt_thread* waiting = bpf_map_lookup_elem(&threads, &woken);
    if (waiting) waiting->waker.stack = stack;
    return;
  }
  rt_u32 tid = context->tid;
  struct rt_thread* thread = bpf_map_lookup_elem(&threads, &tid);
  if (thread) {
    thread->stack = stack;
    thread->flags = context->flags;
  }
  if (context->entry == RT_ENTRY_SWITCH) return;
  struct rt_sample_record sample = {};
  sample.record.type = RT_RECORD_SAMPLE;
  sample.record.target = context->target;
  sample.record.tid = context->tid;
  sample.record.flags = context->flags;
  sample.record.time = context->time;
  sample.record.stack = stack;
  sample.cpu = context->cpu;
  sample.running = context->running;
  sample.kernel_stack = context->kernel_stack;
  /* After its first tick an event waits for its period to be set. */
  rt_send(&sample.record, sizeof sample,
          context->flags & RT_SAMPLE_FIRST ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

#endif /* RTPROF_KERNEL_SAMPLER_BPF_H_ */
