/* What a thread waits in: its system call, the files that the call is about, and its stack in the kernel.
 *
 * The kernel's stack of a thread is taken when the wait ends, while the thread is still off its CPU: it has
 * not moved since it blocked, and by then it is known whether the wait is one to tell of. So a wait that is
 * too short to be told of costs no stack. What has to be read from the thread's own memory, the descriptors
 * that poll and select wait for, is read as it blocks. */
#ifndef RTPROF_KERNEL_WAIT_BPF_H_
#define RTPROF_KERNEL_WAIT_BPF_H_

#include "kernel/sampler.bpf.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct inode {
  unsigned short i_mode;
};
struct file {
  struct inode* f_inode;
};
struct fdtable {
  unsigned int max_fds;
  struct file** fd;
};
struct files_struct {
  struct fdtable* fdt;
};
#pragma clang attribute pop

/* arch/x86/entry/syscalls/syscall_64.tbl */
#define SYSCALL_POLL 7
#define SYSCALL_SELECT 23
#define SYSCALL_SCHED_YIELD 24
#define SYSCALL_PSELECT6 270
#define SYSCALL_PPOLL 271

/* include/linux/sched.h */
#define TASK_STATE_STOPPED 4
#define TASK_STATE_TRACED 8

#define MAX_POLLED 16
/* Descriptors of a select that are looked through. */
#define SELECT_WORDS 4

/* For what needs more room than a program's stack has. Programs on tracepoints have one a CPU: they run with
 * interrupts off. The iterator, which does not, has its own. */
struct rt_kernel_stack_buffer {
  struct rt_kernel_stack_record header;
  rt_u64 addresses[RT_MAX_KERNEL_FRAMES];
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, rt_u32);
  __type(value, struct rt_kernel_stack_buffer);
} kernel_stacks SEC(".maps");

static __always_inline struct pt_regs___kernel* rt_user_registers(struct task_struct* task) {
  return (struct pt_regs___kernel*)bpf_task_pt_regs(task);
}

/* Kind of the file behind a descriptor, as RT_FILE_KIND; 0 when there is none. */
static __always_inline rt_u32 rt_file_kind(struct task_struct* task, rt_u32 descriptor) {
  struct fdtable* table = BPF_CORE_READ(task, files, fdt);
  if (!table || descriptor >= BPF_CORE_READ(table, max_fds)) return 0;
  struct file** files = BPF_CORE_READ(table, fd);
  struct file* file = 0;
  if (bpf_probe_read_kernel(&file, sizeof file, files + descriptor) || !file) return 0;
  return RT_FILE_KIND(BPF_CORE_READ(file, f_inode, i_mode));
}

struct rt_polled_file {
  int descriptor;
  short events;
  short returned;
};

struct rt_poll_search {
  struct task_struct* task;
  rt_u32 kinds;
  rt_u32 count;
  struct rt_polled_file files[MAX_POLLED];
};

static long rt_poll_step(__u32 index, struct rt_poll_search* search) {
  if (index >= search->count || index >= MAX_POLLED) return 1;
  int descriptor = search->files[index].descriptor;
  if (descriptor >= 0) search->kinds |= rt_file_kind(search->task, descriptor);
  return 0;
}

static __always_inline rt_u32 rt_polled_by_poll(struct task_struct* task, rt_u64 address, rt_u64 count) {
  struct rt_poll_search search = {.task = task};
  if (count > MAX_POLLED) count = MAX_POLLED;
  search.count = count;
  if (bpf_probe_read_user(search.files, count * sizeof search.files[0], (const void*)address)) return 0;
  bpf_loop(MAX_POLLED, rt_poll_step, &search, 0);
  return search.kinds;
}

struct rt_select_search {
  struct task_struct* task;
  rt_u32 kinds;
  rt_u64 words[SELECT_WORDS];
};

/* One step: the first descriptor that is left. */
static long rt_select_step(__u32 index, struct rt_select_search* search) {
  for (rt_u32 word = 0; word < SELECT_WORDS; ++word) {
    rt_u64 bits = search->words[word];
    if (!bits) continue;
    search->words[word] = bits & (bits - 1);
    rt_u32 bit = __builtin_popcountll((bits & -bits) - 1);
    search->kinds |= rt_file_kind(search->task, 64 * word + bit);
    return 0;
  }
  return 1;
}

/* The descriptors of the three sets together. */
static __always_inline rt_u32 rt_polled_by_select(struct task_struct* task, rt_u64 count,
                                                  const rt_u64 sets[3]) {
  struct rt_select_search search = {.task = task};
  for (rt_u32 set = 0; set < 3; ++set) {
    for (rt_u32 word = 0; word < SELECT_WORDS; ++word) {
      rt_u64 bits = 0;
      if (64 * word >= count || !sets[set]) break;
      bpf_probe_read_user(&bits, sizeof bits, (const rt_u64*)sets[set] + word);
      if (count - 64 * word < 64) bits &= (1ULL << (count - 64 * word)) - 1;
      search.words[word] |= bits;
    }
  }
  bpf_loop(MAX_POLLED, rt_select_step, &search, 0);
  return search.kinds;
}

/* Called for the thread that runs, as it blocks. */
static __always_inline void rt_note_polled(struct task_struct* task, struct rt_thread* thread) {
  struct pt_regs___kernel* registers = rt_user_registers(task);
  rt_u64 call = registers->orig_ax;
  if (call == SYSCALL_POLL || call == SYSCALL_PPOLL) {
    thread->polled = rt_polled_by_poll(task, registers->di, registers->si);
    thread->wait_flags |= RT_WAIT_POLLED_KNOWN;
  } else if (call == SYSCALL_SELECT || call == SYSCALL_PSELECT6) {
    const rt_u64 sets[3] = {registers->si, registers->dx, registers->r10};
    thread->polled = rt_polled_by_select(task, registers->di, sets);
    thread->wait_flags |= RT_WAIT_POLLED_KNOWN;
  }
}

/* Where a thread that is off its CPU is, but for its stack. `thread` may be null. */
static __always_inline void rt_read_site(struct task_struct* task, const struct rt_thread* thread,
                                         struct rt_wait_site* site) {
  struct pt_regs___kernel* registers = rt_user_registers(task);
  rt_u64 call = registers->orig_ax;
  site->syscall = call > 0xffff ? RT_NO_SYSCALL : (rt_u32)call;
  site->argument = (rt_u32)registers->di;
  site->file = site->syscall == RT_NO_SYSCALL ? 0 : rt_file_kind(task, site->argument);
  if (BPF_CORE_READ_BITFIELD_PROBED(task, in_iowait)) site->flags |= RT_WAIT_IO;
  if (bpf_core_field_exists(task->__state) &&
      BPF_CORE_READ(task, __state) & (TASK_STATE_STOPPED | TASK_STATE_TRACED))
    site->flags |= RT_WAIT_STOPPED;
  if (thread) {
    site->polled = thread->polled;
    site->flags |= thread->wait_flags;
  }
}

/* The hash of `size` bytes of addresses in `buffer`; 0 when there are none. */
static __always_inline rt_u64 rt_hash_kernel_stack(long size, struct rt_kernel_stack_buffer* buffer) {
  rt_u32 count = size > 0 ? (rt_u32)size / sizeof(rt_u64) : 0;
  buffer->header.count = count;
  rt_u64 hash = 0;
  for (rt_u32 i = 0; i < RT_MAX_KERNEL_FRAMES; ++i) {
    if (i >= count) break;
    hash = rt_mix(hash, buffer->addresses[i]);
  }
  return count ? hash | 1 : 0;
}

/* The kernel's stack of a thread that is off its CPU into `buffer`; its hash, 0 when there is none. */
static __always_inline rt_u64 rt_read_kernel_stack(struct task_struct* task,
                                                   struct rt_kernel_stack_buffer* buffer) {
  return rt_hash_kernel_stack(bpf_get_task_stack(task, buffer->addresses, sizeof buffer->addresses, 0),
                              buffer);
}

/* Sends a kernel stack unless it was sent before; 0 when it cannot be. */
static __always_inline rt_u64 rt_send_kernel_stack(struct rt_kernel_stack_buffer* buffer, rt_u64 hash,
                                                   rt_u64 now) {
  if (!hash || bpf_map_lookup_elem(&known_stacks, &hash)) return hash;
  rt_u32 count = buffer->header.count;
  if (count > RT_MAX_KERNEL_FRAMES) return 0;
  struct rt_record* record = &buffer->header.record;
  record->type = RT_RECORD_KERNEL_STACK;
  record->target = 0;
  record->tid = 0;
  record->flags = 0;
  record->time = now;
  record->stack = hash;
  rt_u64 size = sizeof buffer->header + (rt_u64)count * sizeof(rt_u64);
  if (rt_send(record, size, BPF_RB_NO_WAKEUP) == 0) {
    rt_u8 sent = 1;
    bpf_map_update_elem(&known_stacks, &hash, &sent, BPF_ANY);
  }
  return hash;
}

/* The kernel's stack of a thread that is off its CPU. */
static __always_inline rt_u64 rt_intern_kernel_stack(struct task_struct* task, rt_u64 now) {
  rt_u32 zero = 0;
  struct rt_kernel_stack_buffer* buffer = bpf_map_lookup_elem(&kernel_stacks, &zero);
  return buffer ? rt_send_kernel_stack(buffer, rt_read_kernel_stack(task, buffer), now) : 0;
}

/* What a stack of what runs now begins with: a return address, that of the program's caller, or the
 * instruction that runs next, which a perf event has interrupted. */
enum rt_leaf { RT_LEAF_RETURNS, RT_LEAF_INTERRUPTED };

static __always_inline rt_u64 rt_intern_own_kernel_stack(void* event, enum rt_leaf leaf, rt_u64 now) {
  rt_u32 zero = 0;
  struct rt_kernel_stack_buffer* buffer = bpf_map_lookup_elem(&kernel_stacks, &zero);
  if (!buffer) return 0;
  long size = bpf_get_stack(event, buffer->addresses, sizeof buffer->addresses, 0);
  if (leaf == RT_LEAF_INTERRUPTED) buffer->addresses[0] += 1;
  return rt_send_kernel_stack(buffer, rt_hash_kernel_stack(size, buffer), now);
}

#endif /* RTPROF_KERNEL_WAIT_BPF_H_ */
