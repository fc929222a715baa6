/* Takes a snapshot of a thread's machine stack, from which its callers are found outside: the registers it
 * had in user space, and the bytes of its stack.
 *
 * What is copied ends with the stack, not at a fixed size as perf's copy does: most stacks are a few hundred
 * bytes deep, where a copy of 64 KiB takes 10 µs. Where a stack ends is told by what lies there: for threads
 * the thread's own block of libc, to which the thread pointer points (glibc and musl), for a process's first
 * thread its arguments. A thread on another stack gets as much as can be read.
 *
 * A snapshot of a clock tick is sent at once. One of a wait is kept until the wait ends, when it is known
 * whether it is one to tell of: it takes no room in the ring otherwise, and the switch costs the copy only.
 */
#ifndef RTPROF_KERNEL_MACHINE_BPF_H_
#define RTPROF_KERNEL_MACHINE_BPF_H_

#include "kernel/registers.bpf.h"
#include "kernel/sampler.bpf.h"
#include "kernel/snapshots.bpf.h"

/* Whether any target wants machine stacks; without, nothing of this is loaded. */
const volatile rt_u8 with_machine_stacks = 0;

/* System V ABI, AMD64: leaf functions use as many bytes below the stack pointer. */
#define RED_ZONE_BYTES 128
#define STACK_PAGE_BYTES 4096
/* A thread pointer that lies further above the stack pointer belongs to something else. */
#define MAX_DISTANCE_TO_TOP (64ULL << 20)
/* The entry point reads the word that its stack pointer points to. */
#define BEYOND_FIRST_FRAME 16

/* How many bytes from `start` on are worth reading. */
static __always_inline rt_u64 rt_stack_size(struct task_struct* task, rt_u64 start) {
  rt_u64 size = RT_MAX_STACK_BYTES;
  rt_u64 to_thread_block = BPF_CORE_READ(task, thread.fsbase) - start;
  if (to_thread_block < MAX_DISTANCE_TO_TOP && to_thread_block < size) size = to_thread_block;
  rt_u64 to_arguments = BPF_CORE_READ(task, mm, start_stack) + BEYOND_FIRST_FRAME - start;
  if (to_arguments < MAX_DISTANCE_TO_TOP && to_arguments < size) size = to_arguments;
  return size;
}

struct rt_page_reading {
  struct rt_machine_buffer* buffer;
  rt_u64 size;
};

/* One step: up to the end of a page. */
static long rt_read_page(__u32 index, struct rt_page_reading* reading) {
  struct rt_machine_record* header = &reading->buffer->header;
  rt_u64 done = header->size;
  if (done >= reading->size || done > RT_MAX_STACK_BYTES - STACK_PAGE_BYTES) return 1;
  rt_u64 from = header->stack_address + done;
  rt_u64 bytes = STACK_PAGE_BYTES - (from & (STACK_PAGE_BYTES - 1));
  if (bytes > reading->size - done) bytes = reading->size - done;
  if (bytes > STACK_PAGE_BYTES) return 1;
  if (bpf_probe_read_user(reading->buffer->bytes + done, bytes, (const void*)from)) return 1;
  header->size = done + bytes;
  return 0;
}

/* Of the current thread. */
static __always_inline void rt_take_snapshot(struct task_struct* task, const struct rt_context* context,
                                             struct rt_machine_buffer* buffer) {
  struct rt_machine_record* header = &buffer->header;
  header->record.type = RT_RECORD_MACHINE;
  header->record.target = context->target;
  int of_waker = context->entry == RT_ENTRY_WAKING;
  header->record.tid = of_waker ? context->woken : context->tid;
  header->record.flags = of_waker ? RT_MACHINE_OF_WAKER : 0;
  header->record.time = context->time;
  header->record.stack = 0;
  rt_read_registers(task, header->registers);
  rt_u64 start = header->registers[RT_REGISTER_SP] - RED_ZONE_BYTES;
  header->stack_address = start;
  header->size = 0;
  header->attached = 0;
  rt_u64 size = rt_stack_size(task, start);
  if (size > RT_MAX_STACK_BYTES) size = RT_MAX_STACK_BYTES;
  if (bpf_probe_read_user(buffer->bytes, size, (const void*)start) == 0) {
    header->size = size;
    return;
  }
  /* What is below the stack pointer may be in a page that is not there yet. */
  rt_u8 byte;
  if (bpf_probe_read_user(&byte, sizeof byte, (const void*)start)) {
    header->stack_address = start + RED_ZONE_BYTES;
    size = size > RED_ZONE_BYTES ? size - RED_ZONE_BYTES : 0;
  }
  struct rt_page_reading reading = {.buffer = buffer, .size = size};
  bpf_loop(RT_MAX_STACK_BYTES / STACK_PAGE_BYTES + 1, rt_read_page, &reading, 0);
}

static __always_inline int rt_take_clock_snapshot(struct task_struct* task,
                                                  const struct rt_context* context) {
  struct rt_machine_buffer* buffer = rt_clock_snapshot();
  if (!buffer) return 0;
  rt_take_snapshot(task, context, buffer);
  return 1;
}

static __always_inline int rt_send_clock_snapshot(void) {
  struct rt_machine_buffer* buffer = rt_clock_snapshot();
  return buffer && rt_send_snapshot(buffer);
}

/* Keeps where the current thread is, for rt_send_kept_snapshot(map, tid); false where there is no room. */
static __always_inline int rt_keep_snapshot(void* map, rt_u32 tid, struct task_struct* task,
                                            const struct rt_context* context) {
  struct rt_machine_buffer* buffer = bpf_map_lookup_elem(map, &tid);
  if (!buffer) return 0;
  rt_take_snapshot(task, context, buffer);
  return 1;
}

static __always_inline int rt_send_kept_snapshot(void* map, rt_u32 tid) {
  struct rt_machine_buffer* buffer = bpf_map_lookup_elem(map, &tid);
  return buffer && rt_send_snapshot(buffer);
}

#endif /* RTPROF_KERNEL_MACHINE_BPF_H_ */
