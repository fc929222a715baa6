/* What is needed to walk the frames of a CPython thread, the same for every version from 3.8 on, so that one
 * walker serves them all. Shared by the BPF program and the program proper: plain C, fixed layout.
 *
 * A walk: runtime → interpreters (a list) → thread states (a list) → frames (a list, leaf first). The thread
 * state of an OS thread is the one whose thread_id is the thread's pthread_t, which on x86-64 is its FS base
 * in glibc and in musl: this holds on every version, in every pid namespace and after a fork, unlike
 * native_thread_id. */
#ifndef RTPROF_PYTHON_WALK_H_
#define RTPROF_PYTHON_WALK_H_

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

/* An offset that a version does not have. */
#define RT_PY_NONE 0xffff

/* Bytes at the start of a frame that hold every field of it that a walk needs. */
#define RT_PY_FRAME_BYTES 128

struct rt_py_walk {
  rt_u64 runtime;   /* address of _PyRuntime */
  rt_u64 code_type; /* address of PyCode_Type; 0 when f_executable always is a code object */
  rt_u64 gil;       /* address of struct _gil_runtime_state where it is fixed (≤ 3.11); 0 otherwise */

  rt_u16 runtime_interpreters_head;
  rt_u16 interp_next;
  rt_u16 interp_threads_head;
  rt_u16 interp_gil; /* offset of the pointer to the GIL (3.12+); RT_PY_NONE before, and without a GIL */

  rt_u16 gil_last_holder;
  rt_u16 gil_locked;

  rt_u16 thread_next;
  rt_u16 thread_interp;
  rt_u16 thread_id;    /* pthread_t */
  rt_u16 thread_frame; /* pointer to the leaf frame, or to the cframe that holds it */
  rt_u16 cframe_frame; /* within the cframe (3.11, 3.12); RT_PY_NONE when thread_frame is the frame */

  /* Within a frame, all below RT_PY_FRAME_BYTES. */
  rt_u16 frame_size; /* bytes from the frame's start that hold all of the following */
  rt_u16 frame_back;
  rt_u16 frame_code;
  rt_u16 frame_ip;      /* f_lasti before 3.11; prev_instr, instr_ptr from then on */
  rt_u16 frame_ip_size; /* bytes: 4 or 8 */
  rt_u16 frame_owner;   /* u8; RT_PY_NONE before 3.11 */
  rt_u16 frame_tlbc;    /* i32, free-threaded builds; RT_PY_NONE otherwise */

  rt_u16 object_type; /* ob_type within an object */
  rt_u16 shim_owners; /* bit n set: frames of owner n run no code object and are left out */
  rt_u16 frame_entry; /* u8, 3.11: is_entry; RT_PY_NONE otherwise */
  rt_u64 code_mask;   /* frame_code & code_mask is the code object (3.14+ tags the low bits) */
};

/* In rt_py_frame::code, where machine stacks are taken too: C code called the evaluation loop for this frame,
 * and those leafward of it up to the next mark run in the same call. Before 3.11 that is each frame; 3.11
 * notes it in the frame (is_entry), and from 3.12 on a shim lies rootward of it. With code 0: a call that has
 * popped its frame. */
#define RT_PY_ENTRY 1ULL

/* One frame as walked: what names and line numbers are made of outside. */
struct rt_py_frame {
  rt_u64 code; /* address of the code object, which is a multiple of 8 */
  rt_u64 ip;   /* f_lasti, or the address of the instruction */
};

#endif /* RTPROF_PYTHON_WALK_H_ */
