#pragma once

#include "agents/protocol.h"
#include "jvm/chunk_record.h"

// What the JVM's agent is told, and what it tells.
namespace rtprof::agents::jvm {

// Where things are in a JavaThread, in bytes: as HotSpot describes itself, which rtprof reads from outside.
struct ThreadOffsets {
  uint32_t last_sp = 0;     // JavaFrameAnchor's three words: _last_Java_sp,
  uint32_t last_pc = 0;     // _last_Java_pc
  uint32_t last_fp = 0;     // and _last_Java_fp
  uint32_t stack_base = 0;  // where its stack ends
  uint32_t stack_size = 0;
  uint32_t reserved = 0;
};
// No JavaThread is larger.
constexpr uint32_t kLargestOffset = 64 << 10;

// What is to be recorded; several at once.
constexpr uint32_t kAllocations = 1, kLocks = 2;
// Threads that rtprof interrupts.
constexpr uint32_t kSnapshots = 4;
// Nothing but memory, until it is told more.
constexpr uint32_t kMemory = 8;
constexpr uint32_t kAllEvents = kAllocations | kLocks | kSnapshots | kMemory;

// Where a Thread says how much it has allocated, in bytes: what lies in buffers (TLABs) that it has given up,
// or outside of them, and of the one that it has the begin and the end of what is taken. All 0: not known.
struct AllocatedBytes {
  uint32_t counted = 0;
  uint32_t buffer_start = 0;
  uint32_t buffer_top = 0;
  uint32_t reserved = 0;
};

// How HotSpot traces allocations where its JVMTI does not sample them (JDK 8).
struct AllocationTraces {
  // The function that it calls when a thread's buffer (TLAB) has no room for an object, and those of
  // AllocTracer for the first object of a new buffer, and for one outside. 0: JVMTI is asked.
  uint64_t full_buffer = 0;
  uint64_t new_buffer = 0;
  uint64_t outside = 0;
  // Of AllocTracer's arguments the first, from 0 on, that says how large something is: of two the buffer, and
  // then the object. The first one is the object's Klass*.
  uint32_t sizes_at = 0;
  // In a Thread: how many buffers it got since the last collection.
  uint32_t refills = 0;
  // How many words its next buffer is to have, beside its first object, and how many may be left in one that
  // is given up.
  uint32_t desired_words = 0;
  uint32_t waste_words = 0;
  uint32_t buffer_reserve = 0;  // bytes at the end of a buffer that no object takes
  uint32_t klass_name = 0;      // in a Klass: Symbol*
  uint32_t symbol_length = 0;   // in a Symbol
  uint32_t symbol_body = 0;
};

struct Start {
  MessageHeader header{.type = MessageType::kStart, .size = sizeof(Start)};
  Secret secret{};
  uint32_t events = 0;
  // Whether it is told of sampled objects when they are gone.
  uint32_t follows_objects = 0;
  // Mean bytes between samples, at least 1.
  uint64_t allocation_interval = 1;
  // Where the JVM counts the collections that have begun (CollectedHeap::_total_collections). 0: nowhere, and
  // their pauses are counted.
  uint64_t collections = 0;
  uint64_t lock_threshold = 0;  // ns: shorter waits are not recorded
  // Whether the process's system calls are filtered: it makes none then that it would not make itself.
  uint32_t is_filtered = 0;
  uint32_t reserved = 0;
  ThreadOffsets thread{};
  AllocatedBytes allocated{};
  AllocationTraces traces{};
};

// How the JVM keeps the frames of its virtual threads, once that is known: after Start.
struct Knowledge {
  MessageHeader header{.type = MessageType::kKnowledge, .size = sizeof(Knowledge)};
  Secret secret{};
  rt_chunk_settings chunks{};
};

// Asks for records of what has not ended: waits for locks up to now, and which objects are gone by now. An
// Answer follows them.
struct Flush {
  MessageHeader header{.type = MessageType::kFlush, .size = sizeof(Flush)};
  Secret secret{};
};

// One object that was allocated when a sample was due (kAllocation), or a wait for a lock that has ended or
// goes on at a Flush (kContention). After it come the class's name as JNI has it ("Ljava/lang/String;",
// "[B"), without a zero, and from the next multiple of kRecordAlignment on the stack, and after it in the
// same way an rt_chunk_record.
struct Sample {
  RecordHeader header;
  uint64_t time;   // CLOCK_MONOTONIC, ns: of the allocation, or when the wait had lasted so long
  uint64_t value;  // bytes of the object, or ns of the wait
  // An object that is followed: its number, from 1 on; else 0. A wait: the ns that it stands for, which are
  // more than its own where not all waits are recorded.
  uint64_t detail;
  // Begun when a followed object was allocated, or pauses of theirs that had ended (Start::collections).
  uint64_t collections;
  uint64_t allocated;  // bytes by the object's thread, up to the object's end; 0: not known
  int32_t tid;         // as the target's own namespace has it
  uint32_t name_size;
  StackHeader stack;
  uint32_t chunk_bytes;  // of the rt_chunk_record; 0: the thread carries no virtual one
  // Of an allocation, where HotSpot does not tell of each that a sample is due of: this many samples that the
  // object stands for beside its own,
  uint32_t stands_for;
  uint32_t is_not_due;  // and whether it has none of its own
  uint32_t reserved;
};
constexpr uint32_t kMostNameBytes = 1024;

// kCollected: a followed object that is gone. kSurveyed: all that were allocated before so many collections
// had begun, or pauses had ended, have been looked at by one. kThinned: of the followed objects only those go
// on to be followed of which is_kept() is true with this number of halvings. kUntold: so many samples were
// due of what nothing is known of.
struct Note {
  RecordHeader header;
  uint64_t number;
  uint64_t reserved;
};

// Whether an object is among those that are still followed when their number has been halved so many times.
inline bool is_kept(uint64_t object, uint64_t halvings) {
  return halvings == 0 ||
         (halvings < 32 && static_cast<uint32_t>(object * 2654435761u) >> (32 - halvings) == 0);
}

}  // namespace rtprof::agents::jvm
