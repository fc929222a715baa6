#include "jvm/agent_records.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace rtprof::jvm {
namespace {

std::vector<uint8_t> record_of(std::string_view name, uint32_t stack_bytes, uint32_t chunk_bytes = 0) {
  size_t stack_at = (sizeof(agents::jvm::Sample) + name.size() + 15) / 16 * 16;
  size_t chunks_at = stack_at + (stack_bytes + 15) / 16 * 16;
  std::vector<uint8_t> bytes(chunks_at + (chunk_bytes + 15) / 16 * 16);
  auto* record = reinterpret_cast<agents::jvm::Sample*>(bytes.data());
  record->header.size = static_cast<uint32_t>(bytes.size());
  record->time = 12345;
  record->value = 48;
  record->detail = 5;
  record->collections = 6;
  record->tid = 77;
  record->name_size = static_cast<uint32_t>(name.size());
  record->stack = {0x1000, 0x7f00, 0x7f80, stack_bytes, 0};
  std::memcpy(bytes.data() + sizeof(agents::jvm::Sample), name.data(), name.size());
  record->chunk_bytes = chunk_bytes;
  std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(chunks_at), chunk_bytes, uint8_t{0xcc});
  for (uint32_t i = 0; i < stack_bytes; ++i) bytes[stack_at + i] = static_cast<uint8_t>(i);
  return bytes;
}

TEST(AgentRecordsTest, RecordIsParsed) {
  std::vector<uint8_t> bytes = record_of("Ljava/lang/String;", 24);
  auto found = parse_agent_sample(bytes);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->time, 12345);
  EXPECT_EQ(found->value, 48u);
  EXPECT_EQ(found->detail, 5u);
  EXPECT_EQ(found->collections, 6u);
  EXPECT_EQ(found->inner_tid, 77);
  EXPECT_EQ(found->type, "Ljava/lang/String;");
  EXPECT_EQ(found->stack.registers.pc(), 0x1000u);
  EXPECT_EQ(found->stack.registers.fp(), 0x7f80u);
  EXPECT_EQ(found->stack.stack_address, 0x7f00u);
  ASSERT_EQ(found->stack.stack.size(), 24u);
  EXPECT_EQ(found->stack.stack[23], 23);
  EXPECT_TRUE(found->stack.at_call);
}

TEST(AgentRecordsTest, FramesInTheHeapAreAttachedToTheStack) {
  std::vector<uint8_t> bytes = record_of("[B", 40, 100);
  auto found = parse_agent_sample(bytes);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->stack.stack.size(), 40u);
  ASSERT_EQ(found->stack.attached.size(), 100u);
  EXPECT_EQ(found->stack.attached[0], 0xcc);
  EXPECT_EQ(found->stack.attached[99], 0xcc);
}

TEST(AgentRecordsTest, SizesThatMakeNoSenseAreRefused) {
  std::vector<uint8_t> good = record_of("[B", 64);
  for (size_t size = 0; size < good.size(); size += 8)
    EXPECT_FALSE(parse_agent_sample(std::span(good).first(size))) << size;
  auto changed = [&](auto change) {
    std::vector<uint8_t> bytes = good;
    change(*reinterpret_cast<agents::jvm::Sample*>(bytes.data()));
    return parse_agent_sample(bytes).has_value();
  };
  EXPECT_TRUE(changed([](auto&) {}));
  EXPECT_FALSE(changed([](auto& record) { record.name_size = ~0u; }));
  EXPECT_FALSE(changed([](auto& record) { record.name_size = 100; }));
  EXPECT_FALSE(changed([](auto& record) { record.stack.size = 80; }));
  EXPECT_FALSE(changed([](auto& record) { record.stack.size = ~0u; }));
  EXPECT_FALSE(changed([](auto& record) { record.chunk_bytes = 17; }));
  EXPECT_FALSE(changed([](auto& record) { record.chunk_bytes = ~0u; }));
  EXPECT_FALSE(changed([](auto& record) { record.value = 0; }));
  EXPECT_FALSE(changed([](auto& record) { record.value = ~0ull; }));
  EXPECT_FALSE(changed([](auto& record) { record.detail = ~0ull; }));
}

TEST(AgentRecordsTest, NotesAreNumbers) {
  agents::jvm::Note note{};
  note.number = 42;
  std::span bytes(reinterpret_cast<const uint8_t*>(&note), sizeof note);
  EXPECT_EQ(parse_agent_note(bytes), 42u);
  EXPECT_FALSE(parse_agent_note(bytes.first(sizeof note - 1)));
}

std::vector<uint8_t> snapshot_of(uint32_t stack_bytes, uint32_t attached_bytes) {
  size_t attached_at = (sizeof(agents::Snapshot) + stack_bytes + 15) / 16 * 16;
  std::vector<uint8_t> bytes(attached_at + attached_bytes);
  auto* record = reinterpret_cast<agents::Snapshot*>(bytes.data());
  record->number = 7;
  record->time = 99;
  record->stack_bytes = stack_bytes;
  record->attached_bytes = attached_bytes;
  for (size_t i = 0; i < 17; ++i) record->registers[i] = 100 + i;
  std::fill_n(bytes.begin() + sizeof(agents::Snapshot), stack_bytes, uint8_t{0x11});
  std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(attached_at), attached_bytes, uint8_t{0x22});
  return bytes;
}

TEST(AgentRecordsTest, InterruptedThreadIsParsed) {
  std::vector<uint8_t> bytes = snapshot_of(24, 32);
  auto found = parse_interrupted_thread(bytes);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->number, 7u);
  EXPECT_EQ(found->time, 99);
  EXPECT_EQ(found->stack.registers.sp(), 107u);
  EXPECT_EQ(found->stack.registers.pc(), 116u);
  EXPECT_EQ(found->stack.stack_address, 107u);
  EXPECT_EQ(found->stack.known, StackSnapshot::kAllKnown);
  EXPECT_FALSE(found->stack.at_call);
  EXPECT_EQ(std::vector<uint8_t>(found->stack.stack.begin(), found->stack.stack.end()),
            std::vector<uint8_t>(24, 0x11));
  EXPECT_EQ(std::vector<uint8_t>(found->stack.attached.begin(), found->stack.attached.end()),
            std::vector<uint8_t>(32, 0x22));
}

TEST(AgentRecordsTest, InterruptedThreadThatIsNotWholeIsNone) {
  for (size_t size = 0; size < snapshot_of(24, 32).size(); ++size) {
    std::vector<uint8_t> bytes = snapshot_of(24, 32);
    bytes.resize(size);
    EXPECT_FALSE(parse_interrupted_thread(bytes)) << size;
  }
  std::vector<uint8_t> bytes = snapshot_of(24, 32);
  reinterpret_cast<agents::Snapshot*>(bytes.data())->stack_bytes = UINT32_MAX;
  EXPECT_FALSE(parse_interrupted_thread(bytes));
}

}  // namespace
}  // namespace rtprof::jvm
