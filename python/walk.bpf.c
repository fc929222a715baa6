/* Walks the frames of a CPython thread while it is interrupted: on its own clock tick, as it is switched out,
 * or as it wakes another thread up. In all cases the thread is current, so its memory can be read and does
 * not move.
 *
 * The thread state is found by the thread's pthread_t and remembered by thread id. What is remembered is
 * checked at each sample, since an interpreter frees thread states and may make others at the same address.
 */
#include "python/walk.h"
#include "kernel/sampler.bpf.h"

/* Thread states looked through for one thread: a bound for the verifier and for torn lists. */
#define MAX_THREAD_STATES 8192

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, rt_u32); /* tgid */
  __type(value, struct rt_py_walk);
} python_targets SEC(".maps");

/* Where a thread's state was found. state 0: nowhere, while `head` began the list of the first interpreter.
 */
struct found_thread {
  rt_u64 state;
  rt_u64 head;
};

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 16384);
  __type(key, rt_u32); /* tid */
  __type(value, struct found_thread);
} python_threads SEC(".maps");

static __always_inline int read_word(rt_u64 address, rt_u64* word) {
  return bpf_probe_read_user(word, sizeof *word, (const void*)address);
}

struct search {
  const struct rt_py_walk* walk;
  rt_u64 interpreter;
  rt_u64 state; /* to look at next; 0: take the next interpreter */
  rt_u64 pthread;
  rt_u64 found;
};

/* One step: one thread state, or on to the next interpreter. */
static long search_step(__u32 index, struct search* search) {
  const struct rt_py_walk* walk = search->walk;
  if (!search->state) {
    if (read_word(search->interpreter + walk->interp_next, &search->interpreter)) return 1;
    if (!search->interpreter) return 1;
    return read_word(search->interpreter + walk->interp_threads_head, &search->state) != 0;
  }
  rt_u64 pthread;
  if (read_word(search->state + walk->thread_id, &pthread)) return 1;
  if (pthread == search->pthread) {
    search->found = search->state;
    rt_u64 frame;
    /* A thread may have a state in several interpreters: the one that has frames is meant. */
    if (read_word(search->state + walk->thread_frame, &frame) == 0 && frame) return 1;
  }
  return read_word(search->state + walk->thread_next, &search->state) != 0;
}

/* Sets *frame to what the thread state's frame field holds; 0 when the state is no longer the thread's. */
static __always_inline int is_state_of(const struct rt_py_walk* walk, rt_u64 state, rt_u64 pthread,
                                       rt_u64* frame) {
  rt_u64 owner;
  if (read_word(state + walk->thread_id, &owner) || owner != pthread) return 0;
  return read_word(state + walk->thread_frame, frame) == 0;
}

/* The thread's state, or 0. A state with frames that is still the thread's is the one. Without frames a
 * thread may have got another state meanwhile, and without a state its first one: the new state begins the
 * list then. */
static __always_inline rt_u64 find_thread_state(const struct rt_py_walk* walk, rt_u32 tid, rt_u64 pthread,
                                                rt_u64* frame) {
  struct found_thread* known = bpf_map_lookup_elem(&python_threads, &tid);
  int valid = known && known->state && is_state_of(walk, known->state, pthread, frame);
  if (valid && *frame) return known->state;

  struct search search = {.walk = walk, .pthread = pthread};
  if (read_word(walk->runtime + walk->runtime_interpreters_head, &search.interpreter)) return 0;
  if (!search.interpreter) return 0;
  if (read_word(search.interpreter + walk->interp_threads_head, &search.state)) return 0;
  rt_u64 head = search.state;
  if (known && known->head == head) {
    if (valid) return known->state;
    rt_u64 owner;
    if (!known->state && read_word(head + walk->thread_id, &owner) == 0 && owner != pthread) return 0;
  }
  bpf_loop(MAX_THREAD_STATES, search_step, &search, 0);
  struct found_thread found = {.state = search.found, .head = head};
  bpf_map_update_elem(&python_threads, &tid, &found, BPF_ANY);
  if (found.state && !is_state_of(walk, found.state, pthread, frame)) return 0;
  return found.state;
}

static __always_inline int holds_gil(const struct rt_py_walk* walk, rt_u64 state) {
  rt_u64 gil = walk->gil;
  if (walk->interp_gil != RT_PY_NONE) {
    rt_u64 interpreter;
    if (read_word(state + walk->thread_interp, &interpreter)) return 0;
    if (read_word(interpreter + walk->interp_gil, &gil)) return 0;
  }
  if (!gil) return 0;
  rt_u64 holder;
  rt_u32 locked;
  if (read_word(gil + walk->gil_last_holder, &holder) || holder != state) return 0;
  return bpf_probe_read_user(&locked, sizeof locked, (const void*)(gil + walk->gil_locked)) == 0 &&
         locked == 1;
}

struct walker {
  const struct rt_py_walk* walk;
  rt_u32 marks; /* RT_PY_ENTRY is wanted */
  struct rt_stack_buffer* stack;
  rt_u64 frame;
  rt_u64 window; /* address of what frame_buffers holds */
  rt_u64 window_size;
  rt_u64 hash;
  rt_u32 count;
  rt_u32 end;
};

/* From 3.11 on most frames lie in one piece of memory, callers below callees: one read takes several of them.
 * A read costs more than what it reads. */
#define WINDOW_BYTES 1024
#define PAGE_BYTES 4096

/* The window, and room behind it for the verifier's sake; on the stack it would be too much beside the rest.
 */
struct frame_bytes {
  rt_u8 bytes[WINDOW_BYTES + RT_PY_FRAME_BYTES];
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, rt_u32);
  __type(value, struct frame_bytes);
} frame_buffers SEC(".maps");

#define FIELD(type, frame, offset) (*(type*)((frame) + ((offset) & (RT_PY_FRAME_BYTES - sizeof(type)))))

/* Where in the buffer the frame's first frame_size bytes are, which are read unless they are there; more than
 * WINDOW_BYTES when they cannot be read. */
static __always_inline rt_u64 read_frame(struct walker* walker, struct frame_bytes* buffer) {
  const struct rt_py_walk* walk = walker->walk;
  rt_u32 size = walk->frame_size;
  if (size > RT_PY_FRAME_BYTES) return WINDOW_BYTES + 1;
  rt_u64 within = walker->frame - walker->window;
  if (within < walker->window_size && within + size <= walker->window_size) {
    if (within > WINDOW_BYTES) return WINDOW_BYTES + 1;
    return within;
  }
  /* What lies below the frame in its page can be read if the frame can: a fault would cost more than all
   * reads. */
  within = 0;
  if (walk->frame_owner != RT_PY_NONE) {
    within = walker->frame & (PAGE_BYTES - 1);
    if (within > WINDOW_BYTES - RT_PY_FRAME_BYTES) within = WINDOW_BYTES - RT_PY_FRAME_BYTES;
  }
  walker->window = walker->frame - within;
  walker->window_size = within + size;
  int failed = bpf_probe_read_user(buffer->bytes, within + size, (const void*)walker->window);
  return failed ? WINDOW_BYTES + 1 : within;
}

static __always_inline int is_entry(const struct rt_py_walk* walk, const rt_u8* frame) {
  if (walk->frame_owner == RT_PY_NONE) return 1;
  return walk->frame_entry != RT_PY_NONE && FIELD(rt_u8, frame, walk->frame_entry);
}

/* What a shim tells: the frame that was walked last is one. Where there is none, its activation has popped
 * its only frame and is still at work, as when it clears what the frame held: a mark of its own stands for
 * it. The shim at the root of all (3.15) is of no activation. */
static __always_inline void mark_entry(struct walker* walker) {
  rt_u32 at = walker->count;
  rt_u32 last = at - 1;
  walker->hash = rt_mix(walker->hash, RT_PY_ENTRY);
  if (last < RT_MAX_FRAMES && !(walker->stack->frames[last].words[0] & RT_PY_ENTRY)) {
    walker->stack->frames[last].words[0] |= RT_PY_ENTRY;
    return;
  }
  if (at >= RT_MAX_FRAMES || (at && !walker->frame)) return;
  walker->stack->frames[at].words[0] = RT_PY_ENTRY;
  walker->stack->frames[at].words[1] = 0;
  walker->count = at + 1;
}

static long walk_step(__u32 index, struct walker* walker) {
  const struct rt_py_walk* walk = walker->walk;
  rt_u32 zero = 0;
  struct frame_bytes* buffer = bpf_map_lookup_elem(&frame_buffers, &zero);
  if (!buffer) return 1;
  if (!walker->frame) {
    walker->end = RT_END_COMPLETE;
    return 1;
  }
  rt_u64 within = read_frame(walker, buffer);
  if (within > WINDOW_BYTES) {
    walker->end = RT_END_FAULT;
    return 1;
  }
  const rt_u8* frame = buffer->bytes + within;
  walker->frame = FIELD(rt_u64, frame, walk->frame_back);
  if (walk->frame_owner != RT_PY_NONE) {
    rt_u8 owner = FIELD(rt_u8, frame, walk->frame_owner);
    if (owner < 16 && (walk->shim_owners >> owner & 1)) {
      if (walker->marks) mark_entry(walker);
      return 0;
    }
  }
  rt_u64 code = FIELD(rt_u64, frame, walk->frame_code) & walk->code_mask;
  rt_u64 ip =
      walk->frame_ip_size == 4 ? FIELD(rt_u32, frame, walk->frame_ip) : FIELD(rt_u64, frame, walk->frame_ip);
  if (walker->marks && is_entry(walk, frame)) code |= RT_PY_ENTRY;
  rt_u32 at = walker->count;
  if (at >= RT_MAX_FRAMES) return 1;
  walker->stack->frames[at].words[0] = code;
  walker->stack->frames[at].words[1] = ip;
  walker->hash = rt_mix(rt_mix(walker->hash, code), ip);
  walker->count = at + 1;
  return 0;
}

/* `frame`: what the thread state's frame field holds. */
static __always_inline rt_u64 walk_frames(struct rt_context* context, const struct rt_py_walk* walk,
                                          rt_u64 frame) {
  struct walker walker = {.walk = walk,
                          .marks = context->target_flags & RT_TARGET_MACHINE,
                          .stack = &context->stack,
                          .end = RT_END_FAULT};
  int failed = 0;
  if (walk->cframe_frame != RT_PY_NONE && frame) failed = read_word(frame + walk->cframe_frame, &frame);
  if (!failed) {
    walker.frame = frame;
    walker.end = RT_END_TRUNCATED;
    /* Shims take steps but no room. */
    bpf_loop(2 * RT_MAX_FRAMES, walk_step, &walker, 0);
  }
  context->stack.header.count = walker.count;
  context->stack.header.end = walker.end;
  return walker.hash;
}

static __always_inline int sample_python(void) {
  struct rt_context* context = rt_current_context();
  if (!context) return 0;
  rt_u32 tgid = context->tgid;
  const struct rt_py_walk* walk = bpf_map_lookup_elem(&python_targets, &tgid);
  if (!walk) return 0;
  rt_u64 frame = 0;
  rt_u64 hash = 0;
  rt_u64 state = find_thread_state(walk, context->tid, context->thread_pointer, &frame);
  context->stack.header.count = 0;
  context->stack.header.end = RT_END_NO_THREAD;
  if (state) {
    hash = walk_frames(context, walk, frame);
    if (context->target_flags & RT_TARGET_LOCK && holds_gil(walk, state))
      context->flags |= RT_SAMPLE_HOLDS_LOCK;
  }
  rt_finish(context, hash);
  return 0;
}

SEC("perf_event")
int python_on_clock(struct bpf_perf_event_data* event) {
  return sample_python();
}

SEC("tp_btf/sched_switch")
int python_on_switch(void* event) {
  return sample_python();
}

SEC("tp_btf/sched_waking")
int python_on_waking(void* event) {
  return sample_python();
}

char _license[] SEC("license") = "Dual MIT/GPL";
