// The frames of virtual threads that are in the heap, over any record of chunks that came with a stack, and
// over a record of any chunks.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "jvm/java_code.h"
#include "jvm/stack_chunks.h"
#include "tests/fuzz/arbitrary_memory.h"
#include "tests/fuzz/overlaid_memory.h"
#include "tests/unit/jvm/fake_carrier.h"

namespace {

using rtprof::Address;
using rtprof::jvm::StackChunks;
using rtprof::native::StepResult;
using rtprof::test::FakeCarrier;
using rtprof::test::FakeJvm;

// What is in an input before the record and the patches.
struct Head {
  uint8_t holes = 0;  // of the memory
  uint8_t flags = 0;
  uint8_t patches = 0;        // of the objects in the heap
  uint8_t frame_pointer = 0;  // words from the stack's begin
  uint16_t record_bytes = 0;
  uint16_t entry = 0;  // words from the stack's begin to the ContinuationEntry
};
constexpr uint8_t kFromHeap = 1;     // the record is read from there
constexpr uint8_t kAfterNative = 2;  // the leaf has called native code
constexpr uint8_t kLeafKind = 4;     // from here on: the place in kLeaves

// Of an object in the heap.
struct Patch {
  uint16_t object = 0;
  uint16_t offset = 0;
  uint32_t reserved = 0;
  uint64_t value = 0;
};

constexpr Address kStack = FakeCarrier::kEntry - 64;
constexpr Address kMethod = 0x7000;
constexpr Address kReturnInBlob = 144 + 60;  // what follows the call in it
// Segments of the code heap where the leaf may be: compiled, the interpreter, a continuation stub, another
// stub.
constexpr Address kLeaves[] = {0, 4, 8, 20};
// More than all words that there can be of a record and a stack.
constexpr size_t kMostFrames = 1 << 14;
constexpr size_t kMostInput = 1 << 16;

void check(bool holds) {
  if (!holds) __builtin_trap();
}

template <typename T>
T take(std::span<const uint8_t>& bytes) {
  T value{};
  size_t size = std::min(sizeof value, bytes.size());
  std::memcpy(&value, bytes.data(), size);
  bytes = bytes.subspan(size);
  return value;
}

void check_chunks(const StackChunks& chunks, std::span<const uint8_t> record) {
  auto thread = rtprof::jvm::carried_thread(record);
  check(!thread || thread->id != 0);
  size_t all = 0;
  for (const StackChunks::Chunk& chunk : chunks.leaf_first()) {
    check(chunk.begin() < chunk.sp && chunk.sp < chunk.end);
    check(chunk.bytes.size() <= chunk.end - chunk.begin());
    check(chunks.holding(chunk.sp) == static_cast<size_t>(&chunk - chunks.leaf_first().data()));
    check(chunk.word(chunk.begin()).has_value() == (chunk.bytes.size() >= 8));
    check(!chunk.word(chunk.end - 7));
    if (!chunk.bytes.empty())
      check(chunk.bytes.data() >= record.data() &&
            chunk.bytes.data() + chunk.bytes.size() <= record.data() + record.size());
    all += chunk.bytes.size();
  }
  check(all <= record.size());
}

// A JVM with a blob of each kind that leads to callers, each with a call before its 60th byte, and with
// chunks.
struct Target {
  Target() {
    FakeJvm& jvm = fake.heap.jvm;
    jvm.memory.map(kMethod, 0x100);
    jvm.add_method(kMethod, "Some", "method", 20);
    const char* const names[] = {"nmethod", "Interpreter",      "StubRoutines (continuation stubs)",
                                 "nmethod", "StubRoutines (1)", "SafepointBlob"};
    size_t segment = 0;
    for (const char* name : names) {
      bool is_framed = std::string_view(name) == "nmethod" || std::string_view(name) == "SafepointBlob";
      Address code = jvm.add(segment, {.name = name, .frame_words = is_framed ? 4 : 0, .method = kMethod});
      jvm.put_call(code + 60);
      segment += 4;
    }
    jvm.set_call_stub_return(FakeJvm::kCode + 16 * FakeJvm::kSegment + kReturnInBlob);
    Address root = fake.add_chunk(std::vector<uint64_t>(512));
    Address leaf = fake.add_chunk(std::vector<uint64_t>(512), root);
    fake.set_tail(leaf);
    constexpr Address kChunkBytes = 1024, kThreadBytes = rtprof::test::FakeHeap::kThreadBytes;
    // What is before is looked at once in a while, and not for each input.
    constexpr Address kAfterTid = 24;
    objects = {{root, kChunkBytes},
               {leaf, kChunkBytes},
               {fake.continuation, rtprof::test::FakeHeap::kObjectBytes},
               {fake.thread.address + kAfterTid, kThreadBytes - kAfterTid},
               {FakeCarrier::kEntry, FakeCarrier::kEntryBytes}};
    continuations = fake.shared_continuations();
    continuations->prepare();
    check(continuations->settings() != nullptr);
  }

  void change(std::span<const uint8_t> patches) {
    rtprof::test::FakeMemory& memory = fake.heap.memory;
    while (patches.size() >= sizeof(Patch)) {
      auto patch = take<Patch>(patches);
      const Object& object = objects[patch.object % objects.size()];
      Address at = object.address + patch.offset % (object.bytes - sizeof patch.value + 1);
      changed.emplace_back(at, *memory.get<uint64_t>(at));
      memory.set(at, patch.value);
    }
  }
  // To what it was before all changes: it is made once, since that takes longer than a walk.
  void restore() {
    for (; !changed.empty(); changed.pop_back())
      fake.heap.memory.set(changed.back().first, changed.back().second);
  }

  struct Object {
    Address address = 0;
    Address bytes = 0;  // that may change
  };
  FakeCarrier fake{FakeCarrier::Jdk::k25};
  std::vector<Object> objects;
  std::shared_ptr<rtprof::jvm::Continuations> continuations;
  std::vector<std::pair<Address, uint64_t>> changed;
};

}  // namespace

// The input: Head, a record, patches, and the bytes that are the stack and all other memory.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < sizeof(Head) + 64 || size > kMostInput) return 0;
  std::span<const uint8_t> input(data, size);
  Head head = take<Head>(input);
  std::span<const uint8_t> from_input = input.first(std::min<size_t>(head.record_bytes, input.size() - 64));
  input = input.subspan(from_input.size());
  std::vector<uint8_t> record(from_input.begin(), from_input.end());
  Address entry = kStack + head.entry % 1024 * 8;
  if (record.size() >= sizeof entry && head.entry != 0) std::memcpy(record.data(), &entry, sizeof entry);
  check_chunks(StackChunks(record), record);

  static Target target;
  std::span<const uint8_t> patches =
      input.first(std::min<size_t>(head.patches % 64 * sizeof(Patch), input.size() - 64));
  input = input.subspan(patches.size());
  rtprof::ArbitraryMemory rest(input, head.holes);
  rtprof::OverlaidMemory memory(target.fake.heap.memory, rest);
  target.change(patches);

  rtprof::StackSnapshot snapshot;
  snapshot.stack = input;
  snapshot.stack_address = kStack;
  if ((head.flags & kFromHeap) != 0) {
    record = target.continuations->read(FakeCarrier::kTid);
    check_chunks(StackChunks(record), record);
  }
  snapshot.attached = record;
  Address leaf = kLeaves[head.flags / kLeafKind % std::size(kLeaves)];
  snapshot.registers.values[rtprof::Registers::kRip] =
      FakeJvm::kCode + leaf * FakeJvm::kSegment + kReturnInBlob;
  snapshot.registers.values[rtprof::Registers::kRsp] = kStack;
  snapshot.registers.values[rtprof::Registers::kRbp] = kStack + head.frame_pointer * sizeof(uint64_t);
  rtprof::native::StackMemory stack(snapshot);
  rtprof::jvm::JavaCode code(memory, target.fake.heap.layout, {}, target.continuations);
  code.begin_batch();
  std::vector<rtprof::native::MachineFrame> frames;
  rtprof::native::Cursor cursor{snapshot.registers};
  if ((head.flags & kAfterNative) != 0) {
    frames.push_back({.pc = 0x5555});
    cursor.is_return_address = true;
  }
  StepResult result = StepResult::kStepped;
  while (result == StepResult::kStepped) {
    size_t before = frames.size();
    result = code.step(cursor, stack, frames);
    check(frames.size() < kMostFrames);
    check(frames.size() >= before);
  }
  target.restore();
  return 0;
}
