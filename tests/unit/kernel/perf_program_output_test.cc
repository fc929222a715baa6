#include "kernel/perf_program_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "tests/unit/kernel/record_bytes.h"

namespace rtprof::kernel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Where its size is in the header.
constexpr uint32_t kSizeShift = 48;

// The size of what was output, and as much of it as comes in the same word.
RecordBytes output(uint32_t size, uint32_t begin) {
  RecordBytes bytes(PERF_RECORD_SAMPLE);
  bytes.sample(0x401000, 7, 8, 1234, 1, 55, 3).pair(size, begin);
  return bytes;
}

std::vector<uint64_t> with_size(std::vector<uint64_t> words, uint16_t bytes) {
  words[0] = (words[0] & ((uint64_t{1} << kSizeShift) - 1)) | uint64_t{bytes} << kSizeShift;
  return words;
}

TEST(PerfProgramOutput, IsWhatFollowsItsSize) {
  auto words = output(12, 0x04030201).word(0x0c0b0a0908070605).words();
  EXPECT_THAT(raw_of_perf_record(words), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
}

// The kernel pads it to words, and counts the padding in.
TEST(PerfProgramOutput, MayEndBeforeTheRecord) {
  auto words = output(5, 0x04030201).word(0x0605).words();
  EXPECT_THAT(raw_of_perf_record(words), ElementsAre(1, 2, 3, 4, 5));
  words = output(4, 0x04030201).words();
  EXPECT_THAT(raw_of_perf_record(words), ElementsAre(1, 2, 3, 4));
  words = output(0, 0x04030201).words();
  EXPECT_THAT(raw_of_perf_record(words), IsEmpty());
}

TEST(PerfProgramOutput, IsNoneWhereItsSizeLies) {
  for (uint32_t size : {5u, 12u, UINT32_MAX}) {
    auto words = output(size, 0x04030201).words();
    EXPECT_THAT(raw_of_perf_record(words), IsEmpty()) << size;
  }
}

TEST(PerfProgramOutput, IsNoneOfARecordThatIsNotWhole) {
  auto whole = output(12, 0x04030201).word(0x0c0b0a0908070605).words();
  for (size_t words = 0; words < whole.size(); ++words) {
    std::vector<uint64_t> part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(words));
    EXPECT_THAT(raw_of_perf_record(part), IsEmpty()) << words;
  }
  for (uint16_t size : {0, 8, 56, 59, 60, 64, 71})
    EXPECT_THAT(raw_of_perf_record(with_size(whole, size)), IsEmpty()) << size;
  EXPECT_THAT(raw_of_perf_record(with_size(whole, 80)), IsEmpty());
}

// What follows in the ring is another record's.
TEST(PerfProgramOutput, EndsWithItsRecord) {
  auto words = output(12, 0x04030201).words();
  words.push_back(0x0c0b0a0908070605);
  EXPECT_THAT(raw_of_perf_record(words), IsEmpty());
  words = output(4, 0x04030201).words();
  words.push_back(0x0c0b0a0908070605);
  EXPECT_THAT(raw_of_perf_record(words), SizeIs(4));
}

TEST(PerfSampleId, IsWhoAndWhen) {
  auto id = id_of_perf_sample(output(4, 0).words());
  ASSERT_TRUE(id);
  EXPECT_EQ(id->pid, 7);
  EXPECT_EQ(id->tid, 8);
  EXPECT_EQ(id->time, 1234);
  EXPECT_EQ(id->event, 55u);
  EXPECT_EQ(id->cpu, 3u);
}

TEST(PerfSampleId, IsNoneOfAnotherRecord) {
  auto words = RecordBytes(PERF_RECORD_SWITCH).sample(0x401000, 7, 8, 1234, 1).words();
  EXPECT_FALSE(id_of_perf_sample(words));
}

TEST(PerfSampleId, IsNoneOfARecordThatIsNotWhole) {
  auto whole = RecordBytes(PERF_RECORD_SAMPLE).word(0x401000).id(7, 8, 1234, 55, 3).words();
  EXPECT_TRUE(id_of_perf_sample(whole));
  for (size_t words = 0; words < whole.size(); ++words) {
    std::vector<uint64_t> part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(words));
    EXPECT_FALSE(id_of_perf_sample(part)) << words;
  }
  for (uint16_t size : {0, 4, 8, 40, 47, 49, 56})
    EXPECT_FALSE(id_of_perf_sample(with_size(whole, size))) << size;
}

}  // namespace
}  // namespace rtprof::kernel
