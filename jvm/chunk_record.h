/* What the program that copies frames of virtual threads and the program proper say to each other. Plain C,
 * fixed layout. Sizes and offsets are bytes. */
#ifndef RTPROF_JVM_CHUNK_RECORD_H_
#define RTPROF_JVM_CHUNK_RECORD_H_

#include "kernel/record.h"

/* The chunks of one continuation that are followed, from the leaf on, and the bytes that are copied of all.
 */
#define RT_MAX_CHUNKS 8
#define RT_MAX_CHUNK_BYTES 32768
/* Below the stack pointer of a chunk: the frame pointer and the return address of what was called last. */
#define RT_CHUNK_LINK_BYTES 16
/* As much of a virtual thread's name as is copied. */
#define RT_NAME_BYTES 64

/* How a reference in an object becomes an address. */
enum rt_reference_coding {
  RT_REFERENCE_PLAIN,
  RT_REFERENCE_NARROW,        /* 32 bits: base + (value << shift) */
  RT_REFERENCE_COLOURED_HIGH, /* ZGC without generations: (value & mask) | base */
  RT_REFERENCE_COLOURED_LOW,  /* ZGC with generations: the address begins above the lowest bit set of 12 to 15
                               */
};

/* How a JVM keeps continuations; map `chunk_settings`, by tgid as rtprof's pid namespace sees it. */
struct rt_chunk_settings {
  rt_u32 coding;
  rt_u32 shift;
  rt_u32
      ends_at_bottom; /* `chunk_end` is where the frames end in the stack; 0: how far from its end that is */
  rt_u64 base;
  rt_u64 mask;

  /* How a StackChunk is told: the bits of its header from `class_shift` on that `class_mask` leaves. */
  rt_u32 class_at;
  rt_u32 class_shift;
  rt_u64 class_mask;
  rt_u64 class_value;

  rt_u32 thread_entry; /* JavaThread::_cont_entry */
  rt_u32 entry_continuation;
  rt_u32 continuation_tail;
  rt_u32 chunk_parent;
  rt_u32 chunk_continuation; /* whose it is */
  rt_u32 chunk_size;         /* of its stack, words */
  rt_u32 chunk_sp;           /* words */
  rt_u32 chunk_end;          /* words */
  rt_u32 chunk_stack;

  /* What leads to the java.lang.Thread; 0: it is not asked for. */
  rt_u32 continuation_target;
  rt_u32 target_thread;
  rt_u64 target_class_value; /* of what continuation_target leads to, as class_value */
  rt_u32 thread_id;
  rt_u32 thread_name;
  rt_u32 string_value;
  rt_u32 string_coder;
  rt_u32 array_length;
  rt_u32 array_begin;
};

struct rt_chunk {
  rt_u64 address; /* of the first byte that was copied, RT_CHUNK_LINK_BYTES below its stack pointer */
  rt_u32 bytes;   /* that it has from there on */
  rt_u32 copied;  /* of them, one chunk's after the other's */
};

/* One continuation as its thread left it; `frames` is cut after what was copied. */
struct rt_chunk_record {
  rt_u64 entry;      /* the ContinuationEntry on its stack */
  rt_u32 count;      /* of chunks */
  rt_u32 is_cut;     /* there are more than RT_MAX_CHUNKS */
  rt_u64 thread_id;  /* Thread.threadId(); 0: not known, or not asked for */
  rt_u32 name_bytes; /* that were copied */
  rt_u32 name_coder; /* java.lang.String.coder: 0 one byte each, 1 two */
  rt_u8 name[RT_NAME_BYTES];
  struct rt_chunk chunks[RT_MAX_CHUNKS];
  rt_u8 frames[RT_MAX_CHUNK_BYTES];
};

#endif /* RTPROF_JVM_CHUNK_RECORD_H_ */
