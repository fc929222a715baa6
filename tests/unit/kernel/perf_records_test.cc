#include "kernel/perf_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "tests/unit/kernel/record_bytes.h"

namespace rtprof::kernel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr RecordFormat kEverything{.callchain = true, .user_stack = true};
constexpr auto kKernel = static_cast<uint64_t>(PERF_CONTEXT_KERNEL);
constexpr auto kUser = static_cast<uint64_t>(PERF_CONTEXT_USER);

template <typename Record>
Record parsed(const std::vector<uint64_t>& words, RecordFormat format = {}) {
  auto record = parse_perf_record(words, format);
  EXPECT_TRUE(record && std::holds_alternative<Record>(*record));
  return record && std::holds_alternative<Record>(*record) ? std::get<Record>(*record) : Record{};
}

// Registers in the order of asm/perf_regs.h: ax bx cx dx si di bp sp ip r8 … r15, numbered from 100.
RecordBytes& registers(RecordBytes& bytes) {
  bytes.word(PERF_SAMPLE_REGS_ABI_64);
  for (uint64_t value = 100; value < 117; ++value) bytes.word(value);
  return bytes;
}

TEST(PerfRecords, SampleOfAThreadInTheKernel) {
  RecordBytes bytes(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL);
  bytes.sample(0xffffffff81000000, 7, 8, 1234, 1'000'000, 55, 3);
  bytes.word(6)
      .word(kKernel)
      .word(0xffffffff81000000)
      .word(0xffffffff81000100)
      .word(kUser)
      .word(0x401000)
      .word(0x402000);
  registers(bytes).word(16).word(0x1111).word(0x2222).word(16);
  auto words = bytes.words();
  auto sample = parsed<SampleRecord>(words, kEverything);
  EXPECT_TRUE(sample.in_kernel);
  EXPECT_EQ(sample.pc, 0xffffffff81000000);
  EXPECT_EQ(sample.id.pid, 7);
  EXPECT_EQ(sample.id.tid, 8);
  EXPECT_EQ(sample.id.time, 1234);
  EXPECT_EQ(sample.id.event, 55u);
  EXPECT_EQ(sample.id.cpu, 3u);
  EXPECT_EQ(sample.period, 1'000'000u);
  EXPECT_THAT(sample.kernel_callchain, ElementsAre(0xffffffff81000000, 0xffffffff81000100));
  EXPECT_THAT(sample.user_callchain, ElementsAre(0x401000, 0x402000));
  ASSERT_TRUE(sample.user);
  EXPECT_EQ(sample.user->stack.size(), 16u);
  EXPECT_EQ(time_of_perf_record(words), 1234);
}

TEST(PerfRecords, RegistersAreInDwarfOrder) {
  RecordBytes bytes(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
  bytes.sample(0x401000, 7, 8, 1234, 1);
  registers(bytes).word(0);
  auto sample = parsed<SampleRecord>(bytes.words(), {.user_stack = true});
  EXPECT_FALSE(sample.in_kernel);
  ASSERT_TRUE(sample.user);
  // rax rdx rcx rbx rsi rdi rbp rsp r8 … r15 rip
  EXPECT_THAT(sample.user->registers.values, ElementsAre(100, 103, 102, 101, 104, 105, 106, 107, 109, 110,
                                                         111, 112, 113, 114, 115, 116, 108));
  EXPECT_THAT(sample.user->stack, IsEmpty());
}

TEST(PerfRecords, OnlyTheFilledPartOfTheStackCounts) {
  RecordBytes bytes(PERF_RECORD_SAMPLE);
  bytes.sample(0x401000, 7, 8, 1234, 1);
  registers(bytes).word(32).word(1).word(2).word(3).word(4).word(24);
  auto words = bytes.words();
  auto sample = parsed<SampleRecord>(words, {.user_stack = true});
  ASSERT_TRUE(sample.user);
  EXPECT_EQ(sample.user->stack_address, 107u);
  EXPECT_EQ(sample.user->stack.size(), 24u);
  EXPECT_EQ(sample.user->stack[8], 2);
}

TEST(PerfRecords, FilledPartIsNeverMoreThanTheCopy) {
  RecordBytes bytes(PERF_RECORD_SAMPLE);
  bytes.sample(0x401000, 7, 8, 1234, 1);
  registers(bytes).word(8).word(1).word(4096);
  auto words = bytes.words();
  auto sample = parsed<SampleRecord>(words, {.user_stack = true});
  ASSERT_TRUE(sample.user);
  EXPECT_EQ(sample.user->stack.size(), 8u);
}

TEST(PerfRecords, KernelThreadsAnd32BitCodeHaveNoRegisters) {
  RecordBytes kernel_thread(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL);
  kernel_thread.sample(0xffffffff81000000, 7, 8, 1, 1).word(PERF_SAMPLE_REGS_ABI_NONE).word(0);
  EXPECT_FALSE(parsed<SampleRecord>(kernel_thread.words(), {.user_stack = true}).user);

  RecordBytes compatible(PERF_RECORD_SAMPLE);
  compatible.sample(0x8048000, 7, 8, 1, 1).word(PERF_SAMPLE_REGS_ABI_32);
  for (int i = 0; i < 17; ++i) compatible.word(0);
  compatible.word(8).word(1).word(8);
  EXPECT_FALSE(parsed<SampleRecord>(compatible.words(), {.user_stack = true}).user);
}

TEST(PerfRecords, MarkersOfOtherContextsEndACallchain) {
  RecordBytes bytes(PERF_RECORD_SAMPLE);
  bytes.sample(0x401000, 7, 8, 1, 1)
      .word(4)
      .word(kUser)
      .word(0x401000)
      .word(static_cast<uint64_t>(PERF_CONTEXT_GUEST))
      .word(0x500000);
  auto words = bytes.words();
  auto sample = parsed<SampleRecord>(words, {.callchain = true});
  EXPECT_THAT(sample.user_callchain, ElementsAre(0x401000));
  EXPECT_THAT(sample.kernel_callchain, IsEmpty());
}

TEST(PerfRecords, Lost) {
  RecordBytes bytes(PERF_RECORD_LOST);
  EXPECT_EQ(parsed<LostRecord>(bytes.word(55).word(12).id(7, 8, 99).words()).count, 12u);
  RecordBytes samples(PERF_RECORD_LOST_SAMPLES);
  EXPECT_EQ(parsed<LostRecord>(samples.word(3).id(7, 8, 99).words()).count, 3u);
}

TEST(PerfRecords, Mapping) {
  RecordBytes bytes(PERF_RECORD_MMAP2, PERF_RECORD_MISC_USER);
  bytes.pair(7, 8).word(0x7f0000000000).word(0x1000).word(0x2000).pair(254, 1).word(4711).word(0);
  bytes.pair(PROT_READ | PROT_EXEC, MAP_PRIVATE).text("/usr/lib/libc.so.6").id(7, 8, 99);
  auto words = bytes.words();
  auto mapping = parsed<MappingRecord>(words);
  EXPECT_EQ(mapping.start, 0x7f0000000000u);
  EXPECT_EQ(mapping.size, 0x1000u);
  EXPECT_EQ(mapping.offset, 0x2000u);
  EXPECT_EQ(mapping.device, ::makedev(254, 1));
  EXPECT_EQ(mapping.inode, 4711u);
  EXPECT_EQ(mapping.protection, static_cast<uint32_t>(PROT_READ | PROT_EXEC));
  EXPECT_EQ(mapping.path, "/usr/lib/libc.so.6");
  EXPECT_EQ(mapping.id.pid, 7);
  EXPECT_EQ(time_of_perf_record(words), 99);
}

TEST(PerfRecords, NameWithoutAnEndStopsBeforeTheId) {
  RecordBytes bytes(PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC);
  auto words = bytes.pair(7, 8).word(0x6161616161616161).id(7, 8, 99).words();
  auto name = parsed<NameRecord>(words);
  EXPECT_EQ(name.name, "aaaaaaaa");
  EXPECT_TRUE(name.exec);
}

TEST(PerfRecords, ThreadsBeginAndEnd) {
  RecordBytes fork(PERF_RECORD_FORK);
  auto began = parsed<TaskRecord>(fork.pair(7, 6).pair(9, 6).word(99).id(6, 6, 99).words());
  EXPECT_TRUE(began.began);
  EXPECT_EQ(began.pid, 7);
  EXPECT_EQ(began.parent_pid, 6);
  EXPECT_EQ(began.tid, 9);
  RecordBytes exit(PERF_RECORD_EXIT);
  EXPECT_FALSE(parsed<TaskRecord>(exit.pair(7, 6).pair(9, 6).word(99).id(6, 6, 99).words()).began);
}

TEST(PerfRecords, Switches) {
  RecordBytes in(PERF_RECORD_SWITCH);
  EXPECT_FALSE(parsed<SwitchRecord>(in.id(7, 8, 99).words()).out);
  RecordBytes out(PERF_RECORD_SWITCH_CPU_WIDE,
                  PERF_RECORD_MISC_SWITCH_OUT | PERF_RECORD_MISC_SWITCH_OUT_PREEMPT);
  auto record = parsed<SwitchRecord>(out.pair(1, 1).id(7, 8, 99).words());
  EXPECT_TRUE(record.out);
  EXPECT_TRUE(record.preempted);
  EXPECT_EQ(record.id.tid, 8);
}

TEST(PerfRecords, Throttling) {
  RecordBytes stop(PERF_RECORD_THROTTLE);
  EXPECT_TRUE(parsed<ThrottleRecord>(stop.word(99).word(1).word(1).id(7, 8, 99).words()).stopped);
}

TEST(PerfRecords, OtherTypesArePassedOver) {
  RecordBytes bytes(PERF_RECORD_NAMESPACES);
  parsed<std::monostate>(bytes.word(1).id(7, 8, 99).words());
}

// Every cut of a whole record is refused, whichever end is missing.
TEST(PerfRecords, WhatIsNotWholeIsRefused) {
  RecordBytes bytes(PERF_RECORD_SAMPLE);
  bytes.sample(0x401000, 7, 8, 1234, 1).word(2).word(kUser).word(0x401000);
  registers(bytes).word(8).word(1).word(8);
  auto words = bytes.words();
  ASSERT_TRUE(parse_perf_record(words, kEverything));
  for (size_t length = 0; length < words.size(); ++length) {
    std::span<const uint64_t> cut(words.data(), length);
    EXPECT_FALSE(parse_perf_record(cut, kEverything)) << length;
    if (length == 0) continue;
    std::vector<uint64_t> shorter(cut.begin(), cut.end());
    auto header = std::bit_cast<perf_event_header>(words[0]);
    header.size = static_cast<uint16_t>(length * 8);
    shorter[0] = std::bit_cast<uint64_t>(header);
    EXPECT_FALSE(parse_perf_record(shorter, kEverything)) << length;
  }
}

TEST(PerfRecords, CountsBeyondTheRecordAreRefused) {
  RecordBytes chain(PERF_RECORD_SAMPLE);
  chain.sample(0x401000, 7, 8, 1, 1).word(~uint64_t{0}).word(kUser);
  EXPECT_FALSE(parse_perf_record(chain.words(), {.callchain = true}));
  RecordBytes stack(PERF_RECORD_SAMPLE);
  stack.sample(0x401000, 7, 8, 1, 1);
  registers(stack).word(~uint64_t{0}).word(1).word(8);
  EXPECT_FALSE(parse_perf_record(stack.words(), {.user_stack = true}));
}

}  // namespace
}  // namespace rtprof::kernel
