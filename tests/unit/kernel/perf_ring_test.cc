#include "kernel/perf_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "common/base/fd.h"
#include "tests/unit/kernel/record_bytes.h"

namespace rtprof::kernel {
namespace {

using testing::ElementsAreArray;
using testing::IsEmpty;

// A file in the place of the kernel: what a perf event maps, written by the test.
class PerfRingTest : public testing::Test {
 protected:
  static constexpr size_t kBytes = 4096;

  void SetUp() override {
    fd_ = UniqueFd(::memfd_create("ring", 0));
    ASSERT_EQ(::ftruncate(fd_.get(), 4096 + kBytes), 0);
    void* memory = ::mmap(nullptr, 4096 + kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
    ASSERT_NE(memory, MAP_FAILED);
    page_ = static_cast<perf_event_mmap_page*>(memory);
    data_ = static_cast<uint8_t*>(memory) + 4096;
  }
  void TearDown() override { ::munmap(page_, 4096 + kBytes); }

  void begin_at(uint64_t position) { page_->data_head = page_->data_tail = position; }
  void write(const std::vector<uint64_t>& words) {
    auto* bytes = reinterpret_cast<const uint8_t*>(words.data());
    for (size_t i = 0; i < words.size() * 8; ++i) data_[(page_->data_head + i) % kBytes] = bytes[i];
    page_->data_head += words.size() * 8;
  }
  PerfRing map() {
    auto ring = PerfRing::map(fd_.get(), kBytes);
    EXPECT_TRUE(ring.ok());
    return std::move(*ring);
  }

  UniqueFd fd_;
  perf_event_mmap_page* page_ = nullptr;
  uint8_t* data_ = nullptr;
};

std::vector<uint64_t> record(size_t words, uint64_t fill) {
  RecordBytes bytes(PERF_RECORD_SAMPLE);
  for (size_t i = 1; i < words; ++i) bytes.word(fill + i);
  return bytes.words();
}

TEST_F(PerfRingTest, RecordsComeInOrderAndAreGivenBack) {
  auto first = record(4, 100), second = record(2, 200);
  write(first);
  write(second);
  PerfRing ring = map();
  uint64_t end = ring.written();
  EXPECT_THAT(ring.front(end), ElementsAreArray(first));
  EXPECT_EQ(page_->data_tail, 0u);
  ring.consume();
  EXPECT_EQ(page_->data_tail, 32u);
  EXPECT_THAT(ring.front(end), ElementsAreArray(second));
  ring.consume();
  EXPECT_THAT(ring.front(end), IsEmpty());
  EXPECT_EQ(ring.position(), end);
  EXPECT_EQ(ring.unreadable_bytes(), 0u);
}

TEST_F(PerfRingTest, RecordsThatGoAroundTheEndAreJoined) {
  for (size_t before_end : {8, 16, 40}) {
    begin_at(3 * kBytes - before_end);
    auto around = record(8, 100), after = record(3, 200);
    write(around);
    write(after);
    PerfRing ring = map();
    uint64_t end = ring.written();
    EXPECT_THAT(ring.front(end), ElementsAreArray(around));
    ring.consume();
    EXPECT_THAT(ring.front(end), ElementsAreArray(after));
    ring.consume();
    EXPECT_EQ(page_->data_tail, page_->data_head);
  }
}

TEST_F(PerfRingTest, NothingBeyondTheGivenEnd) {
  write(record(4, 100));
  PerfRing ring = map();
  uint64_t end = ring.written();
  write(record(4, 200));
  ring.front(end);
  ring.consume();
  EXPECT_THAT(ring.front(end), IsEmpty());
  EXPECT_FALSE(ring.front(ring.written()).empty());
}

TEST_F(PerfRingTest, WhatIsNoRecordIsSkippedAndCounted) {
  for (uint16_t size : {0, 4, 12, 4000}) {
    begin_at(0);
    auto broken = record(4, 100);
    perf_event_header header{PERF_RECORD_SAMPLE, 0, size};
    broken[0] = std::bit_cast<uint64_t>(header);
    write(broken);
    PerfRing ring = map();
    EXPECT_THAT(ring.front(ring.written()), IsEmpty());
    EXPECT_EQ(ring.unreadable_bytes(), 32u);
    auto next = record(2, 200);
    write(next);
    EXPECT_THAT(ring.front(ring.written()), ElementsAreArray(next));
  }
}

TEST_F(PerfRingTest, MovesWithItsMapping) {
  auto words = record(4, 100);
  write(words);
  PerfRing ring = map();
  PerfRing other = std::move(ring);
  EXPECT_THAT(other.front(other.written()), ElementsAreArray(words));
}

TEST_F(PerfRingTest, RateOfTheReferenceCycles) {
  PerfRing ring = map();
  EXPECT_FALSE(ring.reference_cycles_per_nanosecond());
  page_->cap_user_time = 1;
  page_->time_shift = 31;
  page_->time_mult = 1u << 30;
  EXPECT_EQ(ring.reference_cycles_per_nanosecond(), 2.0);
}

TEST(PerfRing, RefusesWhatCannotBeMapped) {
  EXPECT_FALSE(PerfRing::map(-1, 4096).ok());
}

}  // namespace
}  // namespace rtprof::kernel
