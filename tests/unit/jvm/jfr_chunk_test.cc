#include "jvm/jfr_chunk.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "jvm/jfr_bytes.h"
#include "jvm/jfr_recording.h"
#include "jvm/jfr_stacks.h"
#include "tests/unit/jvm/jfr_records.h"

namespace rtprof::jvm {
namespace {

using test::JfrRecords;
using Bytes = std::vector<uint8_t>;

TEST(JfrBytesTest, ReadsNumbersUpToTheirNinthByte) {
  Bytes bytes;
  const uint64_t numbers[] = {0, 127, 128, 300, 1u << 31, ~0ULL, 1ULL << 63};
  for (uint64_t number : numbers) JfrRecords::number(bytes, number);
  JfrBytes reader(bytes);
  for (uint64_t number : numbers) EXPECT_EQ(reader.number(), number);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.number(), 0u);
  EXPECT_FALSE(reader.ok());
}

TEST(JfrBytesTest, ReadsTextOfAllEncodings) {
  const Bytes bytes{0, 1, 2, 9, 3, 2, 'a', 'b', 4, 2, 'c', 0xe9, 1, 5, 1, 0xe9};
  JfrBytes reader(bytes);
  EXPECT_EQ(reader.text().text, "");
  EXPECT_EQ(reader.text().text, "");
  EXPECT_EQ(reader.text().constant, 9u);
  EXPECT_EQ(reader.text().text, "ab");
  EXPECT_EQ(reader.text().text, "c\u00e9");
  EXPECT_EQ(reader.text().text, "\u00e9");
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.left(), 0u);
}

TEST(JfrBytesTest, TextThatIsLongerThanTheRecordIsNone) {
  const Bytes bytes{3, 0xff, 0xff, 0xff, 0x7f, 'a'};
  JfrBytes reader(bytes);
  EXPECT_EQ(reader.text().text, "");
  EXPECT_FALSE(reader.ok());
}

Bytes header(uint8_t state) {
  Bytes bytes{'F', 'L', 'R', 0, 0, 2, 0, 1};
  for (uint64_t number :
       {500ULL, 68ULL, 100ULL, 1'700'000'000'000'000'000ULL, 2'000'000'000ULL, 1000ULL, 2'000'000'000ULL}) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<uint8_t>(number >> shift));
  }
  bytes.insert(bytes.end(), {state, 0, 0, 1});
  return bytes;
}

std::span<const uint8_t, JfrHeader::kSize> fixed(const Bytes& bytes) {
  return std::span<const uint8_t, JfrHeader::kSize>(bytes);
}

TEST(JfrHeaderTest, TellsWhatIsCompleteAndWhen) {
  Bytes bytes = header(3);
  auto parsed = JfrHeader::parse(fixed(bytes));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->size, 500u);
  EXPECT_FALSE(parsed->is_final || parsed->is_changing);
  EXPECT_EQ(parsed->time_of(1000 + 2'000'000), 1'700'000'000'001'000'000);
  EXPECT_EQ(parsed->time_between(2'000'000), 1'000'000);
  EXPECT_TRUE(JfrHeader::parse(fixed(bytes = header(0)))->is_final);
  EXPECT_TRUE(JfrHeader::parse(fixed(bytes = header(255)))->is_changing);
  bytes[5] = 9;
  EXPECT_FALSE(JfrHeader::parse(fixed(bytes)).ok());
}

TEST(JfrChunkTest, ReadsEventsWhoseTypesAndConstantsComeBehindThem) {
  JfrRecords records;
  records.record(JfrRecords::kSample, {1000, 7, 3});
  records.record(JfrRecords::kPark, {2000, 500, 7, 3, 60});
  records.record(JfrRecords::kOther, {1});
  records.record(999, {1, 2, 3});
  records.metadata();
  records.constants();
  JfrChunk chunk;
  std::vector<JfrEvent> events;
  ASSERT_TRUE(chunk.read(records.bytes, events));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, JfrEventKind::kRunning);
  EXPECT_EQ(events[0].start, 1000);
  EXPECT_EQ(events[0].thread, 7u);
  EXPECT_EQ(events[1].kind, JfrEventKind::kWait);
  EXPECT_EQ(events[1].reason, Reason::kLock);
  EXPECT_EQ(events[1].duration, 500);
  const JfrThread* thread = chunk.constants().thread(7);
  ASSERT_NE(thread, nullptr);
  EXPECT_EQ(thread->name, "worker");
  EXPECT_EQ(thread->os_id, 42);
  const JfrTrace* trace = chunk.constants().trace(3);
  ASSERT_NE(trace, nullptr);
  EXPECT_TRUE(trace->is_truncated);
  ASSERT_EQ(trace->leaf_first.size(), 2u);
  EXPECT_EQ(trace->leaf_first[1].line, 22);
  EXPECT_EQ(chunk.constants().method(71)->name, "a/A.inner");
  EXPECT_EQ(chunk.constants().method(72)->descriptor, "()V");
  EXPECT_EQ(chunk.constants().frame_kind(1), JfrFrameKind::kInlined);
}

TEST(JfrChunkTest, CarriersAreThoseOfTheirGroup) {
  JfrRecords records;
  records.metadata();
  records.half_of_constants(false);
  JfrChunk chunk;
  std::vector<JfrEvent> events;
  ASSERT_TRUE(chunk.read(records.bytes, events));
  EXPECT_TRUE(chunk.constants().carriers().empty());
  JfrRecords more;
  more.half_of_constants(true);
  ASSERT_TRUE(chunk.read(more.bytes, events));
  EXPECT_EQ(chunk.constants().carriers(), std::vector<int64_t>{43});
}

TEST(JfrChunkTest, ConstantsThatThereIsNoRoomForAreLeftOutAndCounted) {
  JfrRecords records;
  records.metadata();
  records.constants();
  JfrChunk chunk(600);
  std::vector<JfrEvent> events;
  ASSERT_TRUE(chunk.read(records.bytes, events));
  EXPECT_GT(chunk.constants().left_out(), 0u);
  EXPECT_NE(chunk.constants().thread(7), nullptr);
  EXPECT_FALSE(chunk.constants().method(71).has_value());
}

TEST(JfrChunkTest, ConstantsThatComeAgainTakeNoMoreRoom) {
  JfrRecords records;
  records.metadata();
  for (int i = 0; i < 100; ++i) records.constants();
  JfrChunk chunk(8 << 10);
  std::vector<JfrEvent> events;
  ASSERT_TRUE(chunk.read(records.bytes, events));
  EXPECT_EQ(chunk.constants().left_out(), 0u);
  EXPECT_TRUE(chunk.constants().method(71).has_value());
}

TEST(JfrChunkTest, GoesOnWhereItGrows) {
  JfrRecords records;
  records.metadata();
  records.record(JfrRecords::kSample, {1000, 7, 3});
  records.half_of_constants(false);
  JfrChunk chunk;
  std::vector<JfrEvent> events;
  ASSERT_TRUE(chunk.read(records.bytes, events));
  EXPECT_EQ(events.size(), 1u);
  EXPECT_FALSE(chunk.constants().method(71).has_value());
  JfrRecords more;
  more.half_of_constants(true);
  more.record(JfrRecords::kSample, {2000, 7, 3});
  ASSERT_TRUE(chunk.read(more.bytes, events));
  EXPECT_EQ(events.size(), 2u);
  EXPECT_EQ(chunk.constants().method(71)->name, "a/A.inner");
}

TEST(JfrChunkTest, BytesThatAreCutMakeNoSense) {
  JfrRecords records;
  records.metadata();
  records.constants();
  for (size_t size = 0; size < records.bytes.size(); ++size) {
    JfrChunk chunk;
    std::vector<JfrEvent> events;
    chunk.read(std::span(records.bytes).first(size), events);
    EXPECT_EQ(chunk.constants().method(71).has_value(), false) << size;
  }
}

TEST(JfrStacksTest, NamesFramesAsAskedFor) {
  JfrRecords records;
  records.metadata();
  records.constants();
  JfrChunk chunk;
  std::vector<JfrEvent> events;
  ASSERT_TRUE(chunk.read(records.bytes, events));
  JfrStacks stacks({.lines = true, .marks = true, .signatures = true});
  uint32_t stack = stacks.intern(chunk.constants(), chunk.constants().trace(3));
  EXPECT_EQ(stacks.intern(chunk.constants(), chunk.constants().trace(3)), stack);
  Profile profile;
  std::vector<FrameId> frames;
  stacks.name(stack, profile, frames);
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(profile.string(profile.frame(frames[0]).function), "[truncated]");
  EXPECT_EQ(profile.string(profile.frame(frames[1]).function), "a/A.outer()V");
  EXPECT_EQ(profile.frame(frames[1]).mark, JitMark::kInterpreted);
  EXPECT_EQ(profile.frame(frames[2]).line, 11);
  EXPECT_EQ(profile.frame(frames[2]).mark, JitMark::kInlined);
  EXPECT_TRUE(stacks.unknown(stacks.intern(chunk.constants(), nullptr)));
}

TEST(JfrStacksTest, NamesHiddenClassesAsHotSpotHasThem) {
  EXPECT_EQ(plain_method_name("A$$Lambda$2+0x00007f1904001800/414493378.run"),
            "A$$Lambda$2+0x00007f1904001800.run");
  EXPECT_EQ(plain_method_name("A$$Lambda/0x00007f1904001800.run"), "A$$Lambda+0x00007f1904001800.run");
  EXPECT_EQ(plain_method_name("java/util/HashMap.get"), "java/util/HashMap.get");
}

TEST(JfrRecordingTest, CommandsFitIntoWhatAJvmTakes) {
  constexpr size_t kLongest = 1023;
  std::string name = "rtprof-4194304-9223372036854775807";
  for (bool cpu_time : {false, true}) {
    std::string command = start_command(
        name, {.period = 10'000 * kMillisecond, .cpu_time = cpu_time, .in_native = true, .waits = true});
    EXPECT_LE(command.size(), kLongest);
    EXPECT_NE(command.find(cpu_time ? "CPUTimeSample#throttle=10000ms" : "ExecutionSample#period=10000ms"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace rtprof::jvm
