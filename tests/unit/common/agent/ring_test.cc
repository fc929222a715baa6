#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "agents/ring_writer.h"
#include "common/agent/ring_reader.h"

namespace rtprof {
namespace {

using agents::RecordHeader;
using agents::RecordType;
using agents::RingWriter;

constexpr uint64_t kCapacity = 64 << 10;

// A record that says which it is, whose and in all of its bytes.
struct Numbered {
  RecordHeader header;
  uint64_t writer;
  uint64_t number;
};

class RingTest : public testing::Test {
 protected:
  RingTest() : ring_(std::move(*SharedRing::make(kCapacity))) {
    EXPECT_TRUE(writer_.open(::dup(ring_.memory()), ::dup(ring_.event())));
  }
  ~RingTest() override { writer_.close(); }

  bool write(uint64_t writer, uint64_t number, uint32_t size = sizeof(Numbered)) {
    auto room = writer_.reserve(size, RecordType::kAllocation);
    if (room.record == nullptr) return false;
    auto* record = reinterpret_cast<Numbered*>(room.record);
    record->writer = writer;
    record->number = number;
    auto* rest = reinterpret_cast<uint8_t*>(record + 1);
    std::fill(rest, reinterpret_cast<uint8_t*>(record) + size, static_cast<uint8_t>(number));
    writer_.commit(room);
    return true;
  }
  std::vector<std::pair<uint64_t, uint64_t>> read() {
    std::vector<std::pair<uint64_t, uint64_t>> found;
    makes_sense_ = ring_.drain([&](RecordType type, std::span<const uint8_t> bytes) {
      EXPECT_EQ(type, RecordType::kAllocation);
      const auto* record = reinterpret_cast<const Numbered*>(bytes.data());
      found.emplace_back(record->writer, record->number);
      for (uint8_t byte : bytes.subspan(sizeof(Numbered)))
        ASSERT_EQ(byte, static_cast<uint8_t>(record->number));
    });
    return found;
  }

  SharedRing ring_;
  RingWriter writer_;
  bool makes_sense_ = true;
};

TEST_F(RingTest, RecordsComeOnceAndInOrder) {
  EXPECT_TRUE(read().empty());
  write(1, 1);
  write(1, 2, 4096);
  EXPECT_EQ(read(), (std::vector<std::pair<uint64_t, uint64_t>>{{1, 1}, {1, 2}}));
  EXPECT_TRUE(read().empty());
}

TEST_F(RingTest, GoesRoundWithRecordsOfAllSizes) {
  uint64_t number = 0, expected = 0;
  for (int turn = 0; turn < 400; ++turn) {
    for (int i = 0; i < 5; ++i, ++number)
      ASSERT_TRUE(write(1, number, static_cast<uint32_t>(sizeof(Numbered) + number * 48 % 9000 / 16 * 16)));
    for (auto [writer, found] : read()) EXPECT_EQ(found, expected++);
    ASSERT_TRUE(makes_sense_);
  }
  EXPECT_EQ(expected, number);
  EXPECT_EQ(ring_.lost(), 0u);
}

TEST_F(RingTest, WhatFindsNoRoomIsCounted) {
  uint64_t written = 0;
  while (write(1, written, 4096)) ++written;
  EXPECT_EQ(written, kCapacity / 4096);
  EXPECT_FALSE(write(1, written));
  EXPECT_EQ(ring_.lost(), 2u);
  EXPECT_EQ(read().size(), written);
  EXPECT_TRUE(write(1, written));
}

TEST_F(RingTest, ManyThreadsWriteAtOnce) {
  constexpr uint64_t kThreads = 8, kEach = 20'000;
  std::vector<std::thread> threads;
  std::atomic<uint64_t> written = 0;
  for (uint64_t writer = 0; writer < kThreads; ++writer) {
    threads.emplace_back([this, writer, &written] {
      for (uint64_t number = 0; number < kEach; ++number)
        written += write(writer, number, static_cast<uint32_t>(sizeof(Numbered) + number % 7 * 16)) ? 1 : 0;
    });
  }
  std::vector<uint64_t> next(kThreads);
  uint64_t found = 0;
  auto take = [&] {
    for (auto [writer, number] : read()) {
      ASSERT_GE(number, next[writer]);
      next[writer] = number + 1;
      ++found;
    }
  };
  for (int i = 0; i < 500; ++i) take();
  for (std::thread& thread : threads) thread.join();
  take();
  EXPECT_TRUE(makes_sense_);
  EXPECT_EQ(found, written.load());
  EXPECT_EQ(found + ring_.lost(), kThreads * kEach);
}

TEST_F(RingTest, RecordThatIsNotCommittedHoldsUpTheOnesBehindIt) {
  auto room = writer_.reserve(sizeof(Numbered), RecordType::kAllocation);
  write(1, 2);
  EXPECT_TRUE(read().empty());
  writer_.commit(room);
  EXPECT_EQ(read().size(), 2u);
}

// What the room held before is no record, though its bytes are still there.
TEST_F(RingTest, OldRecordsAreNotTakenForNewOnes) {
  while (write(1, 7, sizeof(Numbered))) continue;
  read();
  writer_.reserve(sizeof(Numbered), RecordType::kAllocation);
  EXPECT_TRUE(read().empty());
  EXPECT_TRUE(makes_sense_);
}

TEST_F(RingTest, WriterTakesNoMemoryThatIsNoRing) {
  RingWriter writer;
  int memory = ::memfd_create("small", 0);
  EXPECT_FALSE(writer.open(memory, ::dup(ring_.event())));
  memory = ::memfd_create("zeroes", 0);
  ASSERT_EQ(::ftruncate(memory, 1 << 20), 0);
  EXPECT_FALSE(writer.open(memory, ::dup(ring_.event())));
  // Right, but for that somebody could make it smaller.
  std::vector<uint8_t> bytes(agents::kRingData + kCapacity);
  RingReader reader(bytes);
  for (int file : {::memfd_create("unsealed", MFD_ALLOW_SEALING), ::open("/tmp", O_TMPFILE | O_RDWR, 0600)}) {
    ASSERT_EQ(::write(file, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    EXPECT_FALSE(writer.open(file, ::dup(ring_.event())));
  }
}

// What a hostile target may write.
TEST(RingReaderTest, NumbersThatMakeNoSenseEndTheReading) {
  for (uint32_t size : {0u, 8u, 17u, 16u << 20, 128u << 10}) {
    std::vector<uint8_t> memory(agents::kRingData + kCapacity);
    RingReader reader(memory);
    auto* header = reinterpret_cast<agents::RingHeader*>(memory.data());
    auto* record = reinterpret_cast<RecordHeader*>(memory.data() + agents::kRingData);
    record->size = size;
    record->commit = 1;
    header->head = kCapacity;
    EXPECT_FALSE(reader.drain([](RecordType, std::span<const uint8_t>) { FAIL(); })) << size;
    record->size = 16;
    EXPECT_FALSE(reader.drain([](RecordType, std::span<const uint8_t>) { FAIL(); }));
  }
  std::vector<uint8_t> memory(agents::kRingData + kCapacity);
  RingReader reader(memory);
  reinterpret_cast<agents::RingHeader*>(memory.data())->head = kCapacity + 16;
  EXPECT_FALSE(reader.drain([](RecordType, std::span<const uint8_t>) { FAIL(); }));
}

}  // namespace
}  // namespace rtprof
