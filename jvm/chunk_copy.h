/* Copies the frames of a virtual thread that are in the heap, which it would go on with when the frames on
 * its stack have returned. Plain C, for BPF programs and for the agent. Who includes it has said how memory
 * is read and how a loop is run:
 *
 * RT_INLINE               of a function that is to be inlined
 * RT_READ(to, size, from) 0 when all bytes from the address on were read
 * RT_LOOP(count, step, context)  calls step(index, context) up to `count` times, until it is not 0
 */
#ifndef RTPROF_JVM_CHUNK_COPY_H_
#define RTPROF_JVM_CHUNK_COPY_H_

#include "jvm/chunk_record.h"

#define WORD 8
/* Larger no chunk's stack is. */
#define MAX_STACK_WORDS (1 << 27)
/* Of a mark word that leads to where a collector has moved the object (markWord::marked_value). */
#define MOVED 3

/* Where a record is put together: twice as long as it can be, since that is how the kernel sees that all of
 * it is within bounds. */
struct rt_chunk_scratch {
  struct rt_chunk_record record;
  rt_u8 beyond[RT_MAX_CHUNK_BYTES];
};

RT_INLINE rt_u64 word_at(rt_u64 address) {
  rt_u64 value = 0;
  RT_READ(&value, sizeof value, address);
  return value;
}

RT_INLINE rt_u32 half_at(rt_u64 address) {
  rt_u32 value = 0;
  RT_READ(&value, sizeof value, address);
  return value;
}

/* The object that a field leads to; 0 for null. */
RT_INLINE rt_u64 referred(const struct rt_chunk_settings* with, rt_u64 field) {
  rt_u64 value = with->coding == RT_REFERENCE_NARROW ? half_at(field) : word_at(field);
  switch (with->coding) {
    case RT_REFERENCE_NARROW:
      value = value ? with->base + (value << (with->shift & 63)) : 0;
      break;
    case RT_REFERENCE_COLOURED_HIGH:
      value &= with->mask;
      value = value ? value | with->base : 0;
      break;
    case RT_REFERENCE_COLOURED_LOW:
      value = value & 1 << 12   ? value >> 13
              : value & 1 << 13 ? value >> 14
              : value & 1 << 14 ? value >> 15
              : value & 1 << 15 ? value >> 16
                                : 0;
      break;
  }
  rt_u64 mark = value ? word_at(value) : 0;
  rt_u64 moved = mark & ~(rt_u64)MOVED;
  return (mark & MOVED) == MOVED && moved ? moved : value;
}

RT_INLINE int is_of_class(const struct rt_chunk_settings* with, rt_u64 object, rt_u64 value) {
  rt_u64 bits = word_at(object + with->class_at) >> (with->class_shift & 63);
  return (bits & with->class_mask) == value;
}

/* Whether there is a chunk of that continuation. ZGC leaves no word where it has moved one from. */
RT_INLINE int is_chunk(const struct rt_chunk_settings* with, rt_u64 object, rt_u64 continuation) {
  if (!is_of_class(with, object, with->class_value)) return 0;
  rt_u64 whose = referred(with, object + with->chunk_continuation);
  rt_u64 place = with->coding == RT_REFERENCE_COLOURED_HIGH ? with->mask : ~0ULL;
  return (whose & place) == (continuation & place);
}

/* Id and name of the virtual thread. */
RT_INLINE void copy_name(const struct rt_chunk_settings* with, struct rt_chunk_record* to,
                         rt_u64 continuation) {
  to->thread_id = 0;
  to->name_bytes = 0;
  if (!with->continuation_target) return;
  rt_u64 target = referred(with, continuation + with->continuation_target);
  if (!target || !is_of_class(with, target, with->target_class_value)) return;
  rt_u64 thread = referred(with, target + with->target_thread);
  if (!thread) return;
  to->thread_id = word_at(thread + with->thread_id);
  rt_u64 name = referred(with, thread + with->thread_name);
  rt_u64 array = name ? referred(with, name + with->string_value) : 0;
  if (!array) return;
  rt_u64 bytes = half_at(array + with->array_length);
  if (bytes > RT_NAME_BYTES) bytes = RT_NAME_BYTES;
  to->name_coder = half_at(name + with->string_coder) & 0xff;
  if (RT_READ(to->name, bytes, array + with->array_begin) == 0) to->name_bytes = bytes;
}

struct chunk_walk {
  const struct rt_chunk_settings* with;
  struct rt_chunk_scratch* to;
  rt_u64 used;         /* of the frames' bytes */
  rt_u64 chunk;        /* to look at next */
  rt_u64 continuation; /* whose it has to be */
};

/* Appends what the chunk has, if anything. 0 when there is no room for more. */
RT_INLINE int append(struct chunk_walk* walk) {
  const struct rt_chunk_settings* with = walk->with;
  struct rt_chunk_scratch* to = walk->to;
  rt_u64 object = walk->chunk;
  rt_u32 size = half_at(object + with->chunk_size);
  rt_u32 sp = half_at(object + with->chunk_sp);
  rt_u32 end = half_at(object + with->chunk_end);
  if (!with->ends_at_bottom) end = size - end;
  if (size > MAX_STACK_WORDS || end > size || sp >= end) return 1;
  rt_u32 index = to->record.count;
  if (index >= RT_MAX_CHUNKS) return 0;
  struct rt_chunk* chunk = &to->record.chunks[index];
  chunk->address = object + with->chunk_stack + (rt_u64)sp * WORD - RT_CHUNK_LINK_BYTES;
  chunk->bytes = (end - sp) * WORD + RT_CHUNK_LINK_BYTES;
  chunk->copied = 0;
  to->record.count = index + 1;
  /* Bounded here, in the value that is added: before Linux 6.9 a check is forgotten when it is reloaded. */
  rt_u64 at = walk->used;
  at &= RT_MAX_CHUNK_BYTES - 1;
  asm volatile("" : "+r"(at));
  if (at != walk->used) return 0;
  rt_u64 bytes = chunk->bytes;
  if (bytes > RT_MAX_CHUNK_BYTES - at) bytes = RT_MAX_CHUNK_BYTES - at;
  asm volatile("" : "+r"(bytes));
  if (bytes > RT_MAX_CHUNK_BYTES) return 0;
  if (RT_READ(to->record.frames + at, bytes, chunk->address) != 0) return 0;
  chunk->copied = bytes;
  walk->used = at + bytes;
  return bytes == chunk->bytes;
}

/* One step: a chunk, and to its parent. */
static long copy_chunk(rt_u32 index, struct chunk_walk* walk) {
  (void)index;
  if (!walk->chunk || !is_chunk(walk->with, walk->chunk, walk->continuation) || !append(walk)) return 1;
  walk->chunk = referred(walk->with, walk->chunk + walk->with->chunk_parent);
  return 0;
}

/* The continuation of the virtual thread that a JavaThread carries, and its entry; 0 where there is none. */
RT_INLINE rt_u64 rt_continuation_of(const struct rt_chunk_settings* with, rt_u64 thread, rt_u64* entry) {
  *entry = word_at(thread + with->thread_entry);
  return *entry ? word_at(*entry + with->entry_continuation) : 0;
}

/* Puts the record together, and gives its size. */
RT_INLINE rt_u32 rt_copy_continuation(const struct rt_chunk_settings* with, rt_u64 entry, rt_u64 continuation,
                                      struct rt_chunk_scratch* to) {
  to->record.entry = entry;
  to->record.count = 0;
  copy_name(with, &to->record, continuation);
  struct chunk_walk walk = {.with = with, .to = to, .continuation = continuation};
  walk.chunk = referred(with, continuation + with->continuation_tail);
  RT_LOOP(RT_MAX_CHUNKS, copy_chunk, &walk);
  to->record.is_cut = walk.chunk != 0;
  rt_u64 used = walk.used;
  if (used > RT_MAX_CHUNK_BYTES) return 0;
  return sizeof to->record - RT_MAX_CHUNK_BYTES + used;
}

#endif /* RTPROF_JVM_CHUNK_COPY_H_ */
