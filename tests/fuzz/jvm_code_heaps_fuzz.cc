#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "jvm/code_heaps.h"
#include "jvm/java_code.h"
#include "tests/fuzz/arbitrary_memory.h"
#include "tests/fuzz/overlaid_memory.h"
#include "tests/unit/jvm/fake_jvm.h"

namespace {

using rtprof::Address;
using rtprof::test::FakeJvm;

// Blobs of all kinds, of which the input overwrites some bytes.
void put_blobs(FakeJvm& jvm) {
  const char* const kNames[] = {"nmethod",          "Interpreter",     "deopt_blob",
                                "I2C/C2I adapters", "native nmethod",  "unwind_exception Runtime1 stub",
                                "SafepointBlob",    "StubRoutines (2)"};
  size_t segment = 0;
  int32_t words = 4;
  for (const char* name : kNames) {
    jvm.add(segment, {.name = name, .segments = 8, .frame_words = words});
    segment += 8;
    words = words == 4 ? 0 : 4;
  }
}

uint16_t number_at(std::span<const uint8_t> bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] | bytes[at + 1] << 8);
}

}  // namespace

// The input: where the code stands, what of the code heap and of its segment map is overwritten with what,
// how many pages are missing, and the bytes that are the rest of the target's memory, its stack among it. A
// walk over them has to end.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kHead = 8;
  constexpr size_t kPatch = 12;
  constexpr size_t kMostFrames = 4096;
  if (size < kHead + 64) return 0;
  std::span input(data, size);
  FakeJvm jvm;
  put_blobs(jvm);
  Address pc = jvm.kCode + number_at(input, 0) % (jvm.kSegments * jvm.kSegment);
  jvm.set_call_stub_return(jvm.kCode + number_at(input, 2));
  std::span bytes = input.subspan(kHead);
  for (size_t patches = input[5] % 8; patches != 0 && bytes.size() >= kPatch + 64; --patches) {
    jvm.memory.put(jvm.kCode + number_at(bytes, 0) % (jvm.kSegments * jvm.kSegment - 8), bytes.subspan(2, 8));
    jvm.memory.set(jvm.kMap + bytes[10] % jvm.kSegments, bytes[11]);
    bytes = bytes.subspan(kPatch);
  }
  rtprof::ArbitraryMemory rest(bytes, input[4]);
  rtprof::OverlaidMemory memory(jvm.memory, rest);

  rtprof::jvm::CodeHeaps heaps(memory, jvm.layout);
  heaps.refresh();
  auto block = heaps.find(pc);
  Address header = jvm.layout.heap_block_bytes;
  bool is_in_block = block && pc + header >= block->blob && pc + header - block->blob < block->bytes + header;
  if (block && !is_in_block) __builtin_trap();

  rtprof::StackSnapshot snapshot;
  snapshot.stack = bytes;
  snapshot.stack_address = 0x7f0000000000;
  rtprof::Registers& registers = snapshot.registers;
  for (size_t i = 0; i < registers.values.size(); ++i)
    std::memcpy(&registers.values[i], bytes.data() + i % 8 * 8, 8);
  registers.values[rtprof::Registers::kRip] = pc;
  registers.values[rtprof::Registers::kRsp] = snapshot.stack_address;
  registers.values[rtprof::Registers::kRbp] = snapshot.stack_address + number_at(input, 6) % 512;
  rtprof::native::StackMemory stack(snapshot);
  rtprof::jvm::JavaCode code(memory, jvm.layout, {.lines = true, .marks = true, .signatures = true});
  std::vector<rtprof::native::MachineFrame> frames;
  for (int batch = 0; batch < 2; ++batch) {
    rtprof::native::Cursor cursor{registers};
    code.begin_batch();
    frames.clear();
    while (frames.size() < kMostFrames &&
           code.step(cursor, stack, frames) == rtprof::native::StepResult::kStepped) {
    }
    if (frames.size() >= kMostFrames) __builtin_trap();
  }
  return 0;
}
