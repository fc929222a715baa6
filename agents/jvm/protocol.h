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

struct Start {
  MessageHeader header{.type = MessageType::kStart, .size = sizeof(Start)};
  Secret secret{};
  // Mean bytes between samples, at least 1.
  uint64_t allocation_interval = 0;
  ThreadOffsets thread{};
};

// How the JVM keeps the frames of its virtual threads, once that is known: after Start.
struct Knowledge {
  MessageHeader header{.type = MessageType::kKnowledge, .size = sizeof(Knowledge)};
  Secret secret{};
  rt_chunk_settings chunks{};
};

// One object that was allocated when a sample was due. After it come the class's name as JNI has it
// ("Ljava/lang/String;", "[B"), without a zero, and from the next multiple of kRecordAlignment on the stack,
// and after it in the same way an rt_chunk_record.
struct Allocation {
  RecordHeader header;
  uint64_t time;   // CLOCK_MONOTONIC, ns
  uint64_t bytes;  // of the object
  int32_t tid;     // as the target's own namespace has it
  uint32_t name_size;
  StackHeader stack;
  uint32_t chunk_bytes;  // of the rt_chunk_record; 0: the thread carries no virtual one
  uint32_t reserved[3];
};
constexpr uint32_t kMostNameBytes = 1024;

}  // namespace rtprof::agents::jvm
