#include "jvm/agent_records.h"

#include <cstddef>
#include <cstring>

#include "common/agent/ring_reader.h"

namespace rtprof::jvm {
namespace {

using Record = agents::jvm::Sample;

// More than any heap has, and a day in ns.
constexpr uint64_t kMostValue = uint64_t{1} << 46;

// The record without its commit, which is atomic.
struct Fields {
  uint64_t time;
  uint64_t value;
  uint64_t detail;
  uint64_t collections;
  uint64_t allocated;
  int32_t tid;
  uint32_t name_size;
  agents::StackHeader stack;
  uint32_t chunk_bytes;
  uint32_t stands_for;
  uint32_t is_not_due;
  uint32_t reserved;
};
static_assert(sizeof(Fields) + sizeof(agents::RecordHeader) == sizeof(Record));
static_assert(offsetof(Record, time) == sizeof(agents::RecordHeader));
static_assert(sizeof(Record) + agents::jvm::kMostNameBytes + agents::kMostStackBytes +
                  sizeof(rt_chunk_record) + 3 * agents::kRecordAlignment <=
              RingReader::kMostRecordBytes);

uint64_t aligned(uint64_t size) {
  return (size + agents::kRecordAlignment - 1) / agents::kRecordAlignment * agents::kRecordAlignment;
}

}  // namespace

std::optional<AgentSample> parse_agent_sample(std::span<const uint8_t> record) {
  if (record.size() < sizeof(Record)) return std::nullopt;
  Fields fields;
  std::memcpy(&fields, record.data() + sizeof(agents::RecordHeader), sizeof fields);
  uint64_t stack_at = aligned(sizeof(Record) + uint64_t{fields.name_size});
  uint64_t chunks_at = aligned(stack_at + fields.stack.size);
  if (chunks_at > record.size() || fields.chunk_bytes > record.size() - chunks_at) return std::nullopt;
  if (fields.value == 0 || fields.value > kMostValue || fields.detail > kMostValue ||
      fields.name_size > agents::jvm::kMostNameBytes)
    return std::nullopt;
  AgentSample found;
  found.time = static_cast<TimePoint>(fields.time);
  found.value = fields.value;
  found.detail = fields.detail;
  found.collections = fields.collections;
  found.allocated = fields.allocated;
  found.inner_tid = fields.tid;
  found.is_due = fields.is_not_due == 0;
  found.stands_for = fields.stands_for;
  found.type = {reinterpret_cast<const char*>(record.data()) + sizeof(Record), fields.name_size};
  StackSnapshot& stack = found.stack;
  stack.registers.values[Registers::kRip] = fields.stack.pc;
  stack.registers.values[Registers::kRsp] = fields.stack.sp;
  stack.registers.values[Registers::kRbp] = fields.stack.fp;
  stack.known = 1u << Registers::kRip | 1u << Registers::kRsp;
  if (fields.stack.fp != 0) stack.known |= 1u << Registers::kRbp;
  stack.at_call = true;
  stack.stack_address = fields.stack.sp;
  stack.stack = record.subspan(stack_at, fields.stack.size);
  stack.attached = record.subspan(chunks_at, fields.chunk_bytes);
  return found;
}

std::optional<InterruptedThread> parse_interrupted_thread(std::span<const uint8_t> record) {
  constexpr size_t kStackAt = sizeof(agents::Snapshot);
  if (record.size() < kStackAt) return std::nullopt;
  InterruptedThread found;
  StackSnapshot& stack = found.stack;
  uint32_t stack_bytes = 0, attached_bytes = 0;
  static_assert(sizeof stack.registers.values == sizeof(agents::Snapshot::registers));
  std::memcpy(&found.number, record.data() + offsetof(agents::Snapshot, number), sizeof found.number);
  std::memcpy(&found.time, record.data() + offsetof(agents::Snapshot, time), sizeof found.time);
  std::memcpy(&stack_bytes, record.data() + offsetof(agents::Snapshot, stack_bytes), sizeof stack_bytes);
  std::memcpy(stack.registers.values.data(), record.data() + offsetof(agents::Snapshot, registers),
              sizeof stack.registers.values);
  std::memcpy(&attached_bytes, record.data() + offsetof(agents::Snapshot, attached_bytes),
              sizeof attached_bytes);
  uint64_t attached_at = aligned(kStackAt + uint64_t{stack_bytes});
  if (attached_at > record.size() || attached_bytes > record.size() - attached_at) return std::nullopt;
  stack.stack_address = stack.registers.sp();
  stack.stack = record.subspan(kStackAt, stack_bytes);
  stack.attached = record.subspan(attached_at, attached_bytes);
  return found;
}

std::optional<uint64_t> parse_agent_note(std::span<const uint8_t> record) {
  uint64_t number;
  if (record.size() < sizeof(agents::jvm::Note)) return std::nullopt;
  std::memcpy(&number, record.data() + offsetof(agents::jvm::Note, number), sizeof number);
  return number;
}

}  // namespace rtprof::jvm
