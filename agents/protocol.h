#pragma once

#include <signal.h>

#include <atomic>
#include <cstdint>
#include <cstring>

// What rtprof and an agent in a target say to each other; plain structures, the same on both sides.
//
// rtprof listens on a Unix socket of the SOCK_SEQPACKET kind that only the target's user can reach. The
// agent, told of its path and of a secret when it is loaded, connects and says Hello. rtprof answers with
// Start and two descriptors: a ring in shared memory for records, and an eventfd with which the agent says
// that there is something to read. The agent answers with Answer. From then on
// rtprof may tell it more (kKnowledge, or another Start without descriptors), ask for what is still open
// (kFlush) or for what of the target is closed to it (kRead, kReadPlace), and the socket shows that the
// other side lives: when it is closed the agent stops, and closes it, too. So it does where rtprof is killed.
//
// Neither side trusts the other: rtprof checks by SO_PEERCRED that it is the target that has connected, the
// agent that it is its own user or root, and that the peer knows the secret.
namespace rtprof::agents {

// Of this file. An agent of another version is another library, with another path.
constexpr uint32_t kProtocol = 6;
constexpr uint32_t kMagic = 0x50545201;  // little endian: 1, "RTP"

struct Secret {
  uint8_t bytes[16];
};

enum class MessageType : uint32_t {
  kHello = 1,
  kStart = 2,
  kAnswer = 3,
  kKnowledge = 4,
  kFlush = 5,
  kRead = 6,
  kBytes = 7,
  kReadPlace = 8
};

struct MessageHeader {
  uint32_t magic = kMagic;
  uint32_t protocol = kProtocol;
  MessageType type = MessageType::kHello;
  uint32_t size = 0;  // of the whole message
};

struct Hello {
  MessageHeader header{.type = MessageType::kHello, .size = sizeof(Hello)};
  Secret secret{};
  int32_t pid = 0;  // as the target's own namespace has it
  uint32_t reserved = 0;
};

enum class Refusal : uint32_t {
  kNone = 0,
  kFailed = 1,    // `text` says what
  kOccupied = 2,  // somebody else in the target has what is needed
  kMissing = 3,   // the runtime lacks it
};

struct Answer {
  MessageHeader header{.type = MessageType::kAnswer, .size = sizeof(Answer)};
  Refusal refusal = Refusal::kNone;
  char text[124] = {};  // ends with a zero
};

// Asks for memory of the target. Of the ranges in their order come the bytes of as many as can be read whole.
struct ReadRange {
  uint64_t address;
  uint64_t size;
};
constexpr uint32_t kMostReadRanges = 256;
constexpr uint32_t kMostReadBytes = 32 << 10;  // of all ranges together
struct Read {
  MessageHeader header{.type = MessageType::kRead, .size = sizeof(Read)};
  Secret secret{};
  uint32_t number = 0;  // of the question
  uint32_t count = 0;
  ReadRange ranges[kMostReadRanges] = {};
};

// Asks for what the kernel says of a thread that sleeps: its /proc/self/task/TID/syscall, proc(5), as one
// range.
struct ReadPlace {
  MessageHeader header{.type = MessageType::kReadPlace, .size = sizeof(ReadPlace)};
  Secret secret{};
  uint32_t number = 0;  // of the question
  int32_t tid = 0;      // as the target's own namespace has it
};

// What was read, one range after the other.
struct Bytes {
  MessageHeader header{.type = MessageType::kBytes, .size = sizeof(Bytes)};
  uint32_t number = 0;  // of the question that this answers
  uint32_t ranges = 0;  // that were read whole
  uint32_t size = 0;    // of all of them
  uint32_t reserved = 0;
  uint8_t bytes[kMostReadBytes];
};

// The head of the ring's memory; the data follows at kRingData. Positions count bytes from the beginning of
// time, and are reduced by the capacity, a power of two.
//
// A writer takes room by moving `head`, writes the record, and last of all its `commit`. The reader takes
// records in order up to one that is not committed, and gives the room back by moving `tail`. What the room
// held before can look like a record; `commit` is its own position plus one, which tells.
struct RingHeader {
  uint32_t magic;
  uint32_t protocol;
  uint64_t capacity;
  alignas(64) std::atomic<uint64_t> head;
  alignas(64) std::atomic<uint64_t> tail;
  alignas(64) std::atomic<uint64_t> lost;    // records for which there was no room
  alignas(64) std::atomic<uint32_t> waking;  // whether the eventfd was written since the reader last began
};
constexpr uint64_t kRingData = 4096;
constexpr uint64_t kRecordAlignment = 16;

enum class RecordType : uint32_t {
  kAllocation = 1,
  kContention = 2,
  kCollected = 3,
  kSurveyed = 4,
  kThinned = 5,
  kSnapshot = 6,
  kUntold = 7
};

struct RecordHeader {
  std::atomic<uint64_t> commit;
  uint32_t size;  // of the whole record, a multiple of kRecordAlignment
  RecordType type;
};
static_assert(sizeof(RecordHeader) == kRecordAlignment, "a header is in one piece, wherever it is");

// The stack of a thread from its last frame of the runtime's own language on, and where that is.
struct StackHeader {
  uint64_t pc;    // a return address
  uint64_t sp;    // of the first byte of the stack that was copied
  uint64_t fp;    // 0: not known
  uint32_t size;  // of the copy
  uint32_t reserved;
};
constexpr uint32_t kMostStackBytes = 64 << 10;

// What rtprof interrupts a running thread with, by rt_tgsigqueueinfo, so that its handler writes a snapshot
// of it. Without a handler this signal does nothing, so one that comes too late, to a process that has become
// another program too, is harmless. Others may use it: ours have SI_QUEUE, and a value of which all but the
// last bits are those of signal_mark().
constexpr int kSnapshotSignal = SIGURG;
constexpr uint64_t kMostSnapshotNumber = 0xffff;
inline uint64_t signal_mark(const Secret& secret) {
  uint64_t mark = 0;
  std::memcpy(&mark, secret.bytes, sizeof mark);
  return mark & ~kMostSnapshotNumber;
}

// A thread as it was when the signal came (kSnapshot). After it comes its stack, from the stack pointer on,
// and from the next multiple of kRecordAlignment what a runtime has beside it.
struct Snapshot {
  RecordHeader header;
  uint64_t number;          // what the signal's value said
  uint64_t time;            // CLOCK_MONOTONIC, ns
  uint32_t stack_bytes;     // 0: there was nothing to be read
  uint32_t attached_bytes;  // beside the stack
  uint64_t registers[17];   // numbered as DWARF does on x86-64, the program counter last
};
static_assert(sizeof(Snapshot) % kRecordAlignment == 0, "the stack follows without a gap");

}  // namespace rtprof::agents
