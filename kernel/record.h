/* What the BPF programs and the program proper say to each other: the configuration of targets, and the
 * records of the ring buffer. Plain C, fixed layout. Times are CLOCK_MONOTONIC nanoseconds. */
#ifndef RTPROF_KERNEL_RECORD_H_
#define RTPROF_KERNEL_RECORD_H_

#ifdef __bpf__
typedef unsigned char rt_u8;
typedef unsigned short rt_u16;
typedef unsigned int rt_u32;
typedef unsigned long long rt_u64;
#else
#include <stdint.h>
typedef uint8_t rt_u8;
typedef uint16_t rt_u16;
typedef uint32_t rt_u32;
typedef uint64_t rt_u64;
#endif

enum rt_target_flags {
  RT_TARGET_WALL = 1,      /* follow context switches, too; waits go into wall */
  RT_TARGET_LOCK = 2,      /* look whether the thread holds its interpreter's lock */
  RT_TARGET_OFFCPU = 4,    /* follow context switches; each wait is told of */
  RT_TARGET_MACHINE = 8,   /* take the machine stack with each sample and wait */
  RT_TARGET_WAKERS = 16,   /* tell who ends each wait */
  RT_TARGET_KERNEL = 32,   /* tell where in the kernel a clock tick met the thread */
  RT_TARGET_ATTACHES = 64, /* its walker adds to the machine stacks what is not on them */
};
#define RT_TARGET_SWITCHES (RT_TARGET_WALL | RT_TARGET_OFFCPU)

#define RT_MAX_WALKERS 8
/* rt_target::walker of a target without one. */
#define RT_NO_WALKER RT_MAX_WALKERS

/* A process that is profiled; map `targets`, by tgid as rtprof's pid namespace sees it. */
struct rt_target {
  rt_u32 id;     /* in every record of the process */
  rt_u32 walker; /* index of its runtime's walker in the program arrays; RT_NO_WALKER */
  rt_u32 flags;
  rt_u32 reserved;
  rt_u64 since;    /* when the recording of this process began */
  rt_u64 interval; /* wall: waits shorter than this are summed up until they reach it */
  rt_u64 min_wait; /* offcpu: shorter waits and longer ones are not told of */
  rt_u64 max_wait;
};

enum rt_record_type {
  RT_RECORD_STACK = 1,
  RT_RECORD_SAMPLE,
  RT_RECORD_WAIT,
  RT_RECORD_THREAD_START,
  RT_RECORD_THREAD_END,
  RT_RECORD_EXEC,
  RT_RECORD_KERNEL_STACK,
  RT_RECORD_MACHINE,
  RT_RECORD_WAKER,
};

enum rt_stack_end {
  RT_END_COMPLETE = 0,
  RT_END_TRUNCATED, /* deeper than a record holds */
  RT_END_FAULT,     /* a page was not resident, or the pointer was not one */
  RT_END_NO_THREAD, /* the thread has no state in the runtime: it runs none of the runtime's code */
};

enum rt_sample_flags {
  RT_SAMPLE_HOLDS_LOCK = 1, /* of the interpreter */
  RT_SAMPLE_FIRST = 2,      /* the thread's first tick: its event still has its starting period */
  RT_SAMPLE_NO_STACK = 4,   /* a wait whose beginning was not traced: record.stack is of an earlier moment */
  RT_SAMPLE_MACHINE = 8,    /* the thread's last RT_RECORD_MACHINE is of the same moment */
};

#define RT_MAX_FRAMES 1024
/* Of a machine stack. The kernel allocates 64 KiB for as many with what goes before them. */
#define RT_MAX_STACK_BYTES (65536 - 512)
#define RT_REGISTER_COUNT 17
#define RT_REGISTER_SP 7
#define RT_MAX_KERNEL_FRAMES 64

/* Every record begins like this. */
struct rt_record {
  rt_u32 type;
  rt_u32 target;
  rt_u32 tid; /* as rtprof's pid namespace sees it */
  rt_u32 flags;
  rt_u64 time;
  rt_u64 stack; /* hash that names a stack of the target; 0: none was taken */
};

/* RT_RECORD_MACHINE: registers of a thread in user space and the top of its stack, at record.time. The record
 * it belongs to comes after it. `size` bytes of the stack follow, and `attached` of what the target's walker
 * has added: StackSnapshot::attached. */
struct rt_machine_record {
  struct rt_record record;
  rt_u64 registers[RT_REGISTER_COUNT]; /* in DWARF's order: common/process/stack_snapshot.h */
  rt_u64 stack_address;                /* of the first byte */
  rt_u64 size;
  rt_u64 attached;
};

enum rt_machine_flags {
  RT_MACHINE_OF_WAKER =
      1, /* it is that of the thread that woke record.tid up, and belongs to RT_RECORD_WAKER */
};

/* The meaning of a frame's words is the walker's. */
struct rt_raw_frame {
  rt_u64 words[2];
};

/* RT_RECORD_STACK: defines record.stack. Sent once, before the first record that uses it, and again when the
 * kernel's memory of what was sent has overflowed. `count` frames follow, leaf first. */
struct rt_stack_record {
  struct rt_record record;
  rt_u32 count;
  rt_u32 end; /* enum rt_stack_end: why the walk stopped */
};

/* RT_RECORD_SAMPLE: a clock tick. RT_RECORD_THREAD_END: `running` is what the thread ran after its last one.
 */
struct rt_sample_record {
  struct rt_record record;
  rt_u64 cpu;          /* CPU time since the thread's last tick, 0 on the first; or since the CPU's last */
  rt_u64 running;      /* time on a CPU since then, where context switches are followed */
  rt_u64 kernel_stack; /* hash; 0: the tick met the thread in user mode, or nobody asked */
};

/* RT_RECORD_KERNEL_STACK: defines a kernel_stack of records of whichever target, sent like stack records.
 * `count` return addresses follow, leaf first. Of a wait, without those of the scheduler itself: the frame of
 * the leaf is what called into it. Of a clock tick, the leaf is the byte after the first one of the
 * instruction that it interrupted, so that what lies before each address is in its function. */
struct rt_kernel_stack_record {
  struct rt_record record;
  rt_u32 count;
  rt_u32 reserved;
};

enum rt_wait_flags {
  RT_WAIT_INVOLUNTARY = 1,  /* it was taken off its CPU while it ran; otherwise it gave it up to wait */
  RT_WAIT_IO = 2,           /* the kernel accounts the wait as one for a disk (task_struct::in_iowait) */
  RT_WAIT_STOPPED = 4,      /* by a signal, or by a tracer */
  RT_WAIT_POLLED_KNOWN = 8, /* `polled` was looked at */
  RT_WAIT_UNSEEN = 16,      /* its end was not traced: nothing but `flags` is known of the site */
};

/* No system call: the thread was interrupted in user mode, by a page fault most often. */
#define RT_NO_SYSCALL 0xffffffffU

/* A kind of file is bit S_IFMT >> 12 of its inode's mode: bit 1 a pipe, 2 a character device, 8 a regular
 * file, 12 a socket; bit 0 what has no type (eventfd, timerfd, epoll, …). */
#define RT_FILE_KIND(mode) (1U << (((mode) >> 12) & 15))

/* What a thread waits in, as far as the kernel tells without names of its functions. */
struct rt_wait_site {
  rt_u64 kernel_stack; /* hash; 0: none was taken */
  rt_u32 syscall;      /* number; RT_NO_SYSCALL */
  rt_u32 argument;     /* its first one: a file descriptor in many */
  rt_u16 file;         /* kind of the file that `argument` is a descriptor of; 0: of none */
  rt_u16 polled;       /* kinds of the files that poll or select waits for (the first 16 of them) */
  rt_u32 flags;        /* enum rt_wait_flags */
};

enum rt_wait_events {
  RT_WAIT_FOR_WALL = 1,   /* goes into wall, with what was summed up before it */
  RT_WAIT_FOR_OFFCPU = 2, /* goes into offcpu */
};

/* RT_RECORD_WAIT: a wait that ended at record.time. */
struct rt_wait_record {
  struct rt_record record;
  rt_u64 start;
  rt_u64 blocked;         /* until it was woken */
  rt_u64 runnable;        /* from then until it ran */
  rt_u64 summed_blocked;  /* of shorter waits before it, for wall */
  rt_u64 summed_runnable; /* the same */
  rt_u64 events;          /* enum rt_wait_events */
  struct rt_wait_site site;
};

#define RT_COMMAND_BYTES 16 /* TASK_COMM_LEN, include/linux/sched.h */

/* Who made a blocked thread runnable: the thread that ran when it was done, or that an interrupt broke into.
 */
struct rt_waker {
  rt_u32 pid; /* as rtprof's pid namespace sees it; 0: not at all */
  rt_u32 tid;
  rt_u32 known; /* 0: nothing else is set */
  rt_u32 flags; /* RT_SAMPLE_MACHINE */
  rt_u64 stack; /* hash; of its runtime, where it is of a target */
  rt_u64 kernel_stack;
  char command[RT_COMMAND_BYTES];
};

/* RT_RECORD_WAKER: comes before the wait record of its thread. Where it has RT_SAMPLE_MACHINE, the waker's
 * machine stack comes before it, as that of record.tid. */
struct rt_waker_record {
  struct rt_record record;
  struct rt_waker waker;
};

enum rt_thread_activity {
  RT_THREAD_RUNNING = 0,
  RT_THREAD_BLOCKED,
  RT_THREAD_RUNNABLE,
};

/* Map `threads`, by tid: what is still open of a thread. */
struct rt_thread {
  rt_u32 target;
  rt_u32 activity;
  rt_u32 flags;   /* enum rt_sample_flags, of the wait or of the last tick */
  rt_u32 ticks;   /* clock ticks seen */
  rt_u64 since;   /* when the activity began */
  rt_u64 woken;   /* when a blocked thread became runnable; 0: not yet */
  rt_u64 stack;   /* of the wait, or of the last tick */
  rt_u64 counter; /* of the perf event at the last tick */
  rt_u64 running; /* ran since the last tick, before `since` */
  rt_u64 used;    /* the scheduler's count of its CPU time at `since` */
  rt_u64 blocked; /* sums of short waits that were not sent yet */
  rt_u64 runnable;
  rt_u32 polled;     /* rt_wait_site::polled of the wait, */
  rt_u32 wait_flags; /* and RT_WAIT_INVOLUNTARY, RT_WAIT_POLLED_KNOWN of its flags */
  struct rt_waker waker;
};

/* What the iterator `open_waits` tells of each thread of the targets, followed by kernel_count return
 * addresses. */
struct rt_open_thread {
  rt_u32 target;
  rt_u32 tid;
  rt_u32 known; /* no event of the thread was seen yet, and `thread` is empty: 0 */
  rt_u32 kernel_count;
  rt_u64 time; /* when that was */
  struct rt_thread thread;
  struct rt_wait_site site;
};

#endif /* RTPROF_KERNEL_RECORD_H_ */
