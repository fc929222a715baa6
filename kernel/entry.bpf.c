/* The programs that the kernel calls: a clock's tick, and what the scheduler does with threads. They
 * decide whether the event concerns a target, keep account of its time, and hand over to the walker of the
 * target's runtime. See sampler.bpf.h. */
#include "kernel/machine.bpf.h"
#include "kernel/sampler.bpf.h"
#include "kernel/task_ids.bpf.h"
#include "kernel/wait.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, RT_MAX_WALKERS);
  __type(key, rt_u32);
  __type(value, rt_u32);
} clock_walkers SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, RT_MAX_WALKERS);
  __type(key, rt_u32);
  __type(value, rt_u32);
} switch_walkers SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, RT_MAX_WALKERS);
  __type(key, rt_u32);
  __type(value, rt_u32);
} waking_walkers SEC(".maps");

static __always_inline struct rt_target* target_of(struct task_struct* task, rt_u32* tgid) {
  *tgid = tgid_of(task);
  return *tgid ? bpf_map_lookup_elem(&targets, tgid) : 0;
}

/* The thread's account. A thread that is met for the first time has done what it does now since the recording
 * began, or since it was created. */
static __always_inline struct rt_thread* account_of(struct task_struct* task, rt_u32 tid,
                                                    const struct rt_target* target, rt_u32 activity) {
  struct rt_thread* known = bpf_map_lookup_elem(&threads, &tid);
  if (known) return known;
  /* Its account was closed; it is still switched out once or twice. */
  if (BPF_CORE_READ(task, flags) & TASK_EXITING) return 0;
  struct rt_thread first = {};
  rt_u64 created = BPF_CORE_READ(task, start_time);
  first.target = target->id;
  first.activity = activity;
  first.since = created > target->since ? created : target->since;
  first.used = BPF_CORE_READ(task, se.sum_exec_runtime);
  bpf_map_update_elem(&threads, &tid, &first, BPF_NOEXIST);
  return bpf_map_lookup_elem(&threads, &tid);
}

static __always_inline struct rt_context* begin(struct task_struct* task, const struct rt_target* target,
                                                rt_u32 tgid, rt_u32 tid, rt_u32 entry, rt_u64 now) {
  struct rt_context* context = rt_current_context();
  if (!context) return 0;
  context->entry = entry;
  context->target = target->id;
  context->tgid = tgid;
  context->target_flags = target->flags;
  context->tid = tid;
  context->flags = 0;
  context->thread_pointer = BPF_CORE_READ(task, thread.fsbase);
  context->time = now;
  context->cpu = 0;
  context->running = 0;
  context->kernel_stack = 0;
  return context;
}

/* A long wait goes into wall as it was. Short ones are summed up, and when they reach the interval the one
 * that did stands for all: on the axis of waited time these are samples at a fixed period. */
static __always_inline int is_for_wall(const struct rt_target* target, struct rt_thread* thread,
                                       struct rt_wait_record* wait) {
  if (!(target->flags & RT_TARGET_WALL)) return 0;
  if (wait->blocked + wait->runnable >= target->interval) return 1;
  thread->blocked += wait->blocked;
  thread->runnable += wait->runnable;
  if (thread->blocked + thread->runnable < target->interval) return 0;
  wait->summed_blocked = thread->blocked - wait->blocked;
  wait->summed_runnable = thread->runnable - wait->runnable;
  thread->blocked = 0;
  thread->runnable = 0;
  return 1;
}

static __always_inline int is_for_offcpu(const struct rt_target* target, const struct rt_wait_record* wait) {
  if (!(target->flags & RT_TARGET_OFFCPU)) return 0;
  rt_u64 length = wait->blocked + wait->runnable;
  return length >= target->min_wait && length <= target->max_wait;
}

/* Before Linux 6.1 a perf_event program may not even name a map that is not allocated in advance, as those of
 * kept snapshots are not. So which entry sends them is told at compile time. */
enum kept { WITHOUT_KEPT, WITH_KEPT };

/* Tells who ended a thread's wait, ahead of the wait itself. */
static __always_inline void send_waker(rt_u32 target, struct rt_thread* thread, rt_u32 tid, rt_u64 time,
                                       enum kept kept) {
  struct rt_waker_record told = {};
  told.record.type = RT_RECORD_WAKER;
  told.record.target = target;
  told.record.tid = tid;
  told.record.time = time;
  told.waker = thread->waker;
  thread->waker.known = 0;
  if (kept == WITHOUT_KEPT) {
    told.waker.flags = 0;
  } else if (with_machine_stacks && told.waker.flags & RT_SAMPLE_MACHINE &&
             !rt_send_kept_snapshot(&waker_snapshots, tid)) {
    told.waker.flags = 0;
  }
  rt_send(&told.record, sizeof told, BPF_RB_NO_WAKEUP);
}

/* Sends the wait of a thread that ends at `end`, where it is to be told of. `waiting` is the thread while it
 * still is off its CPU: then it is seen where it waits. */
static __always_inline void send_wait(const struct rt_target* target, struct rt_thread* thread, rt_u32 tid,
                                      struct task_struct* waiting, rt_u64 start, rt_u64 end, enum kept kept) {
  rt_u64 woken = end;
  if (thread->activity == RT_THREAD_RUNNABLE) {
    woken = start;
  } else if (thread->woken) {
    woken = thread->woken;
  }
  thread->activity = RT_THREAD_RUNNING;
  struct rt_wait_record wait = {};
  wait.start = start;
  wait.blocked = woken - start;
  wait.runnable = end - woken;
  if (is_for_wall(target, thread, &wait)) wait.events |= RT_WAIT_FOR_WALL;
  if (is_for_offcpu(target, &wait)) wait.events |= RT_WAIT_FOR_OFFCPU;
  if (!wait.events) {
    /* Its snapshot was not sent, and the next record is not of this moment. */
    thread->flags &= ~RT_SAMPLE_MACHINE;
    return;
  }
  wait.record.type = RT_RECORD_WAIT;
  wait.record.target = target->id;
  wait.record.tid = tid;
  wait.record.flags = thread->flags;
  wait.record.time = end;
  wait.record.stack = thread->stack;
  if (waiting) {
    rt_read_site(waiting, thread, &wait.site);
    wait.site.kernel_stack = rt_intern_kernel_stack(waiting, end);
  } else {
    wait.site.flags = RT_WAIT_UNSEEN | thread->wait_flags;
  }
  if (thread->waker.known) send_waker(target->id, thread, tid, end, kept);
  if (kept == WITHOUT_KEPT) {
    thread->flags &= ~RT_SAMPLE_MACHINE;
  } else if (with_machine_stacks && thread->flags & RT_SAMPLE_MACHINE &&
             !rt_send_kept_snapshot(&wait_snapshots, tid)) {
    thread->flags &= ~RT_SAMPLE_MACHINE;
  }
  wait.record.flags = thread->flags;
  rt_send(&wait.record, sizeof wait, BPF_RB_NO_WAKEUP);
}

/* A kernel may switch without telling: one in some thousand switches was seen to be missing on a busy virtual
 * machine. The scheduler's count of CPU time then says how a stretch of time is to be divided.
 *
 * Of a thread that is found running without having been given a CPU: it has run for `ran` since it was. */
static __always_inline void end_unseen_wait(const struct rt_target* target, struct rt_thread* thread,
                                            rt_u32 tid, rt_u64 ran, rt_u64 now, enum kept kept) {
  rt_u64 start = thread->since;
  rt_u64 least = thread->woken > start ? thread->woken : start;
  rt_u64 end = now - least > ran ? now - ran : least;
  send_wait(target, thread, tid, 0, start, end, kept);
  thread->since = end;
}

/* Of a thread that is given a CPU without having left one: it waited for what it did not run. */
static __always_inline void end_unbegun_wait(const struct rt_target* target, struct rt_thread* thread,
                                             rt_u32 tid, struct task_struct* next, rt_u64 now) {
  rt_u64 ran = next->se.sum_exec_runtime - thread->used;
  if (now - thread->since <= ran) return;
  rt_u64 start = thread->since + ran;
  thread->running += ran;
  thread->activity = RT_THREAD_BLOCKED;
  thread->polled = 0;
  thread->wait_flags = 0;
  thread->woken = 0;
  rt_u32 flags = thread->flags;
  thread->flags = (flags & ~RT_SAMPLE_MACHINE) | RT_SAMPLE_NO_STACK;
  send_wait(target, thread, tid, next, start, now, WITH_KEPT);
  thread->flags = flags;
  thread->since = now;
  thread->used = next->se.sum_exec_runtime;
}

static __always_inline void end_wait(struct task_struct* next, rt_u64 now) {
  rt_u32 tgid;
  struct rt_target* target = target_of(next, &tgid);
  if (!target || !(target->flags & RT_TARGET_SWITCHES)) return;
  rt_u32 tid = tid_of(next);
  struct rt_thread* thread = account_of(next, tid, target, RT_THREAD_BLOCKED);
  if (!thread) return;
  if (thread->activity == RT_THREAD_RUNNING) {
    end_unbegun_wait(target, thread, tid, next, now);
    return;
  }
  send_wait(target, thread, tid, next, thread->since, now, WITH_KEPT);
  thread->since = now;
  thread->used = next->se.sum_exec_runtime;
}

/* Of a target without a runtime (RT_NO_WALKER): a tail call to nothing returns. */
static __always_inline void finish_without_walker(struct rt_context* context) {
  context->stack.header.count = 0;
  context->stack.header.end = RT_END_NO_THREAD;
  rt_finish(context, 0);
}

/* rtprof sets it before it opens clocks of CPUs, when no thread has one of its own any more. */
volatile rt_u8 with_cpu_clocks = 0;

/* The counter of a CPU's clock at its last tick. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, rt_u32);
  __type(value, rt_u64);
} cpu_counters SEC(".maps");

/* What of a clock's time is for the interrupted thread: all since the CPU's last tick. */
static __always_inline rt_u64 share_of_cpu_clock(rt_u64 counter) {
  rt_u32 zero = 0;
  rt_u64* last = bpf_map_lookup_elem(&cpu_counters, &zero);
  if (!last) return 0;
  rt_u64 share = counter - *last;
  *last = counter;
  return share;
}

/* The privilege level of the code that was interrupted: Intel SDM, volume 3, 5.5. */
static __always_inline int is_user_mode(struct bpf_perf_event_data* event) {
  return (event->regs.cs & 3) == 3;
}

SEC("perf_event")
int on_clock(struct bpf_perf_event_data* event) {
  struct bpf_perf_event_value value = {};
  bpf_perf_prog_read_value(event, &value, sizeof value);
  rt_u8 of_cpu = with_cpu_clocks;
  rt_u64 share = of_cpu ? share_of_cpu_clock(value.counter) : 0;
  struct task_struct* task = bpf_get_current_task_btf();
  rt_u32 tgid;
  struct rt_target* target = target_of(task, &tgid);
  if (!target) return 0;
  rt_u64 now = bpf_ktime_get_ns();
  rt_u32 tid = tid_of(task);
  struct rt_thread* thread = account_of(task, tid, target, RT_THREAD_RUNNING);
  struct rt_context* context = begin(task, target, tgid, tid, RT_ENTRY_CLOCK, now);
  if (!thread || !context) return 0;

  rt_u64 total = BPF_CORE_READ(task, se.sum_exec_runtime);
  rt_u64 ran = total - thread->used;
  if (of_cpu) {
    context->cpu = share;
  } else {
    rt_u64 used = value.counter - (thread->ticks == 0 ? 0 : thread->counter);
    ran = used > thread->running ? used - thread->running : 0;
    if (thread->ticks++ == 0) {
      context->flags = RT_SAMPLE_FIRST;
    } else {
      context->cpu = used;
    }
    thread->counter = value.counter;
  }
  if (target->flags & RT_TARGET_SWITCHES && thread->activity != RT_THREAD_RUNNING)
    end_unseen_wait(target, thread, tid, ran, now, WITHOUT_KEPT);
  context->running = thread->running + (now - thread->since);
  thread->running = 0;
  thread->since = now;
  thread->used = total;
  /* A walker that attaches something to the snapshot sends it. */
  if (with_machine_stacks && target->flags & RT_TARGET_MACHINE && rt_take_clock_snapshot(task, context) &&
      !(target->flags & RT_TARGET_ATTACHES) && rt_send_clock_snapshot())
    context->flags |= RT_SAMPLE_MACHINE;
  if (target->flags & RT_TARGET_KERNEL && !is_user_mode(event))
    context->kernel_stack = rt_intern_own_kernel_stack(event, RT_LEAF_INTERRUPTED, now);
  bpf_tail_call(event, &clock_walkers, target->walker);
  finish_without_walker(context);
  return 0;
}

static __always_inline int is_blocked(struct task_struct* task, int preempted) {
  if (preempted) return 0;
  if (bpf_core_field_exists(task->__state)) return BPF_CORE_READ(task, __state) != 0;
  return BPF_CORE_READ((struct task_struct___old*)task, state) != 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, _Bool preempted, struct task_struct* prev, struct task_struct* next) {
  rt_u64 now = bpf_ktime_get_ns();
  end_wait(next, now);

  rt_u32 tgid;
  struct rt_target* target = target_of(prev, &tgid);
  if (!target || !(target->flags & RT_TARGET_SWITCHES)) return 0;
  rt_u32 tid = tid_of(prev);
  struct rt_thread* thread = account_of(prev, tid, target, RT_THREAD_RUNNING);
  struct rt_context* context = begin(prev, target, tgid, tid, RT_ENTRY_SWITCH, now);
  if (!thread || !context) return 0;
  rt_u64 used = prev->se.sum_exec_runtime;
  if (thread->activity != RT_THREAD_RUNNING)
    end_unseen_wait(target, thread, tid, used - thread->used, now, WITH_KEPT);
  thread->running += now - thread->since;
  thread->since = now;
  thread->used = used;
  thread->woken = 0;
  thread->polled = 0;
  thread->wait_flags = 0;
  thread->waker.known = 0;
  if (is_blocked(prev, preempted)) {
    thread->activity = RT_THREAD_BLOCKED;
    rt_note_polled(prev, thread);
  } else {
    thread->activity = RT_THREAD_RUNNABLE;
    if (preempted || rt_user_registers(prev)->orig_ax != SYSCALL_SCHED_YIELD)
      thread->wait_flags = RT_WAIT_INVOLUNTARY;
  }
  if (with_machine_stacks && target->flags & RT_TARGET_MACHINE &&
      rt_keep_snapshot(&wait_snapshots, tid, prev, context))
    context->flags |= RT_SAMPLE_MACHINE;
  bpf_tail_call(ctx, &switch_walkers, target->walker);
  finish_without_walker(context);
  return 0;
}

SEC("raw_tp/sched_wakeup")
int on_wakeup(struct bpf_raw_tracepoint_args* event) {
  struct task_struct* task = (struct task_struct*)event->args[0];
  rt_u32 tgid;
  if (!target_of(task, &tgid)) return 0;
  rt_u32 tid = tid_of(task);
  struct rt_thread* thread = bpf_map_lookup_elem(&threads, &tid);
  if (thread && thread->activity == RT_THREAD_BLOCKED && !thread->woken) thread->woken = bpf_ktime_get_ns();
  return 0;
}

/* In what wakes a thread up: a thread, or an interrupt on top of one. The kernel's stack tells. */
SEC("tp_btf/sched_waking")
int BPF_PROG(on_waking, struct task_struct* woken) {
  rt_u32 tgid;
  struct rt_target* target = target_of(woken, &tgid);
  if (!target || !(target->flags & RT_TARGET_WAKERS)) return 0;
  rt_u32 tid = tid_of(woken);
  struct rt_thread* thread = bpf_map_lookup_elem(&threads, &tid);
  if (!thread || thread->activity != RT_THREAD_BLOCKED || thread->woken) return 0;

  rt_u64 now = bpf_ktime_get_ns();
  struct task_struct* task = bpf_get_current_task_btf();
  struct rt_waker* waker = &thread->waker;
  waker->pid = tgid_of(task);
  waker->tid = tid_of(task);
  waker->known = 1;
  waker->flags = 0;
  waker->stack = 0;
  waker->kernel_stack = rt_intern_own_kernel_stack(ctx, RT_LEAF_RETURNS, now);
  bpf_get_current_comm(waker->command, sizeof waker->command);
  if (waker->pid != tgid) return 0;
  struct rt_context* context = begin(task, target, tgid, waker->tid, RT_ENTRY_WAKING, now);
  if (!context) return 0;
  context->woken = tid;
  if (with_machine_stacks && target->flags & RT_TARGET_MACHINE &&
      rt_keep_snapshot(&waker_snapshots, tid, task, context))
    waker->flags = RT_SAMPLE_MACHINE;
  bpf_tail_call(ctx, &waking_walkers, target->walker);
  return 0;
}

static __always_inline void send_thread_record(rt_u32 type, rt_u32 target, rt_u32 tid,
                                               const struct rt_thread* thread, rt_u64 flags) {
  struct rt_sample_record end = {};
  end.record.type = type;
  end.record.target = target;
  end.record.tid = tid;
  end.record.time = bpf_ktime_get_ns();
  if (thread) {
    end.record.flags = thread->flags;
    end.record.stack = thread->stack;
    end.running = thread->running + (end.record.time - thread->since);
  }
  rt_send(&end.record, sizeof end, flags);
}

/* A new thread waits for a CPU first. */
SEC("raw_tp/sched_process_fork")
int on_fork(struct bpf_raw_tracepoint_args* event) {
  struct task_struct* child = (struct task_struct*)event->args[1];
  rt_u32 tgid;
  struct rt_target* target = target_of(child, &tgid);
  if (!target) return 0;
  rt_u32 tid = tid_of(child);
  account_of(child, tid, target, RT_THREAD_RUNNABLE);
  send_thread_record(RT_RECORD_THREAD_START, target->id, tid, 0, BPF_RB_FORCE_WAKEUP);
  return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct* task) {
  rt_u32 tgid;
  struct rt_target* target = target_of(task, &tgid);
  if (!target) return 0;
  rt_u32 tid = tid_of(task);
  send_thread_record(RT_RECORD_THREAD_END, target->id, tid, bpf_map_lookup_elem(&threads, &tid),
                     BPF_RB_NO_WAKEUP);
  bpf_map_delete_elem(&threads, &tid);
  if (with_machine_stacks) {
    bpf_map_delete_elem(&wait_snapshots, &tid);
    bpf_map_delete_elem(&waker_snapshots, &tid);
  }
  return 0;
}

SEC("raw_tp/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args* event) {
  struct task_struct* task = (struct task_struct*)event->args[0];
  rt_u32 tgid;
  struct rt_target* target = target_of(task, &tgid);
  if (!target) return 0;
  send_thread_record(RT_RECORD_EXEC, target->id, tid_of(task), 0, BPF_RB_FORCE_WAKEUP);
  bpf_map_delete_elem(&targets, &tgid);
  return 0;
}

/* One at a time: rtprof reads an iterator to its end before it makes another. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, rt_u32);
  __type(value, struct rt_kernel_stack_buffer);
} iterated_stack SEC(".maps");

/* What threads of the targets do at this moment, for those that rtprof asks about. */
SEC("iter/task")
int open_waits(struct bpf_iter__task* context) {
  struct task_struct* task = context->task;
  rt_u32 zero = 0;
  struct rt_kernel_stack_buffer* buffer = bpf_map_lookup_elem(&iterated_stack, &zero);
  if (!task || !buffer) return 0;
  rt_u32 tgid;
  struct rt_target* target = target_of(task, &tgid);
  if (!target) return 0;
  if (BPF_CORE_READ(task, flags) & TASK_EXITING) return 0;
  struct rt_open_thread open = {};
  open.target = target->id;
  open.tid = tid_of(task);
  open.time = bpf_ktime_get_ns();
  struct rt_thread* thread = bpf_map_lookup_elem(&threads, &open.tid);
  if (thread) {
    open.known = 1;
    open.thread = *thread;
  }
  if (!thread || thread->activity != RT_THREAD_RUNNING) {
    rt_read_site(task, thread, &open.site);
    open.site.kernel_stack = rt_read_kernel_stack(task, buffer);
    open.kernel_count = buffer->header.count;
  }
  rt_u32 count = open.kernel_count;
  bpf_seq_write(context->meta->seq, &open, sizeof open);
  if (count != 0 && count <= RT_MAX_KERNEL_FRAMES)
    bpf_seq_write(context->meta->seq, buffer->addresses, count * sizeof(rt_u64));
  return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
