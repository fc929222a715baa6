#include "jvm/stack_chunks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/jvm/chunk_bytes.h"

namespace rtprof::jvm {
namespace {

using test::ChunkBytes;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Address kFirst = 0x700000000;
constexpr Address kSecond = 0x700100000;
constexpr Address kEntry = 0x7f0000;

TEST(StackChunks, AreThoseOfTheRecordLeafFirst) {
  ChunkBytes record(kEntry);
  record.add(kFirst, {1, 2, 3, 4}).add(kSecond, {5, 6, 7});
  auto bytes = record.bytes();
  StackChunks chunks(bytes);
  EXPECT_FALSE(chunks.empty());
  EXPECT_EQ(chunks.entry(), kEntry);
  EXPECT_FALSE(chunks.is_cut());
  ASSERT_THAT(chunks.leaf_first(), SizeIs(2));
  const StackChunks::Chunk& first = chunks.leaf_first()[0];
  EXPECT_EQ(first.begin(), kFirst);
  EXPECT_EQ(first.sp, kFirst + 16);
  EXPECT_EQ(first.end, kFirst + 32);
  EXPECT_EQ(first.word(kFirst), 1u);
  EXPECT_EQ(first.word(first.sp), 3u);
  const StackChunks::Chunk& second = chunks.leaf_first()[1];
  EXPECT_EQ(second.sp, kSecond + 16);
  EXPECT_EQ(second.word(kSecond), 5u);
  EXPECT_EQ(second.word(kSecond + 16), 7u);
}

TEST(StackChunks, AreNoneWithoutARecord) {
  EXPECT_TRUE(StackChunks().empty());
  EXPECT_TRUE(StackChunks(std::span<const uint8_t>()).empty());
  EXPECT_EQ(StackChunks().holding(0), std::nullopt);
}

TEST(StackChunks, AreNoneOfARecordWithoutItsHead) {
  ChunkBytes record(kEntry);
  record.add(kFirst, {1, 2, 3, 4});
  auto bytes = record.bytes();
  bytes.resize(ChunkBytes::kHead - 1);
  StackChunks chunks(bytes);
  EXPECT_TRUE(chunks.empty());
  EXPECT_EQ(chunks.entry(), 0);
}

TEST(StackChunks, HaveTheWordsThatWereCopied) {
  ChunkBytes record(kEntry);
  record.add(kFirst, {1, 2, 3, 4});
  record.head().chunks[0].copied = 20;
  auto bytes = record.bytes();
  StackChunks chunks(bytes);
  ASSERT_THAT(chunks.leaf_first(), SizeIs(1));
  const StackChunks::Chunk& chunk = chunks.leaf_first()[0];
  EXPECT_EQ(chunk.end, kFirst + 32) << "it ends where it ended";
  EXPECT_EQ(chunk.word(kFirst + 8), 2u);
  EXPECT_EQ(chunk.word(kFirst + 12), uint64_t{3} << 32);
  EXPECT_EQ(chunk.word(kFirst + 13), std::nullopt);
  EXPECT_EQ(chunk.word(kFirst + 16), std::nullopt);
}

TEST(StackChunks, HaveNoWordsBeyondTheirs) {
  ChunkBytes record(kEntry);
  record.add(kFirst, {1, 2, 3, 4}).add(kSecond, {5, 6, 7});
  auto bytes = record.bytes();
  StackChunks chunks(bytes);
  const StackChunks::Chunk& chunk = chunks.leaf_first()[0];
  EXPECT_EQ(chunk.word(kFirst + 24), 4u);
  for (Address address :
       {kFirst - 1, kFirst - 8, kFirst + 25, kFirst + 32, kSecond, Address{0}, ~Address{0}, ~Address{7}})
    EXPECT_EQ(chunk.word(address), std::nullopt) << address;
}

TEST(StackChunks, EndWithTheBytesOfAShortRecord) {
  ChunkBytes record(kEntry);
  record.add(kFirst, {1, 2, 3, 4}).add(kSecond, {5, 6, 7});
  auto bytes = record.bytes();
  bytes.resize(ChunkBytes::kHead + 24);
  StackChunks chunks(bytes);
  ASSERT_THAT(chunks.leaf_first(), SizeIs(2));
  EXPECT_THAT(chunks.leaf_first()[0].bytes, SizeIs(24));
  EXPECT_EQ(chunks.leaf_first()[0].word(kFirst + 24), std::nullopt);
  EXPECT_THAT(chunks.leaf_first()[1].bytes, IsEmpty());
  EXPECT_EQ(chunks.leaf_first()[1].word(kSecond), std::nullopt);
}

TEST(StackChunks, AreNotMoreThanARecordHasRoomFor) {
  ChunkBytes record(kEntry);
  for (Address i = 0; i < RT_MAX_CHUNKS; ++i) record.add(kFirst + i * 0x1000, {1, 2, 3});
  record.head().count = UINT32_MAX;
  auto bytes = record.bytes();
  StackChunks chunks(bytes);
  EXPECT_THAT(chunks.leaf_first(), SizeIs(RT_MAX_CHUNKS));
  EXPECT_FALSE(chunks.is_cut());
}

TEST(StackChunks, CanBeMoreThanWereCopied) {
  ChunkBytes record(kEntry);
  record.add(kFirst, {1, 2, 3});
  record.head().is_cut = 1;
  auto bytes = record.bytes();
  EXPECT_TRUE(StackChunks(bytes).is_cut());
}

// One chunk's copy cannot be longer than the chunk, and what follows it is the next one's.
TEST(StackChunks, DoNotTakeMoreBytesThanTheyHave) {
  ChunkBytes record(kEntry);
  record.add(kFirst, {1, 2, 3, 4}).add(kSecond, {5, 6, 7});
  record.head().chunks[0].copied = UINT32_MAX;
  auto bytes = record.bytes();
  StackChunks chunks(bytes);
  ASSERT_THAT(chunks.leaf_first(), SizeIs(2));
  EXPECT_THAT(chunks.leaf_first()[0].bytes, SizeIs(32));
  EXPECT_EQ(chunks.leaf_first()[1].word(kSecond), 5u);

  record.head().chunks[0].bytes = UINT32_MAX;
  bytes = record.bytes();
  StackChunks larger(bytes);
  ASSERT_FALSE(larger.empty());
  EXPECT_THAT(larger.leaf_first()[0].bytes, SizeIs(7 * 8)) << "all that there is";
}

TEST(StackChunks, EndBeforeOneWithoutFrames) {
  for (uint32_t none : {0, 8, RT_CHUNK_LINK_BYTES}) {
    ChunkBytes record(kEntry);
    record.add(kFirst, {1, 2, 3, 4}).add(kSecond, {5, 6, 7});
    record.head().chunks[1].bytes = none;
    auto bytes = record.bytes();
    StackChunks chunks(bytes);
    EXPECT_THAT(chunks.leaf_first(), SizeIs(1)) << none;
    EXPECT_TRUE(chunks.is_cut()) << none;
  }
}

TEST(StackChunks, EndBeforeOneBeyondTheLastAddress) {
  ChunkBytes record(kEntry);
  record.add(kFirst, {1, 2, 3, 4}).add(~Address{0} - 23, {5, 6, 7});
  auto bytes = record.bytes();
  EXPECT_THAT(StackChunks(bytes).leaf_first(), SizeIs(1));
  record.head().chunks[1].address -= 1;
  bytes = record.bytes();
  EXPECT_THAT(StackChunks(bytes).leaf_first(), SizeIs(2));
  record.head().chunks[1].address = ~Address{0};
  bytes = record.bytes();
  StackChunks chunks(bytes);
  EXPECT_THAT(chunks.leaf_first(), SizeIs(1));
  EXPECT_TRUE(chunks.is_cut());
}

// A walk from one to the other would not end.
TEST(StackChunks, EndBeforeOneThatIsInAnother) {
  for (Address second : {kFirst, kFirst + 8, kFirst - 16, kFirst + 24}) {
    ChunkBytes record(kEntry);
    record.add(kFirst, {1, 2, 3, 4}).add(second, {5, 6, 7});
    auto bytes = record.bytes();
    StackChunks chunks(bytes);
    EXPECT_THAT(chunks.leaf_first(), SizeIs(1)) << second;
    EXPECT_TRUE(chunks.is_cut()) << second;
  }
  for (Address second : {kFirst - 24, kFirst + 32}) {
    ChunkBytes record(kEntry);
    record.add(kFirst, {1, 2, 3, 4}).add(second, {5, 6, 7});
    auto bytes = record.bytes();
    StackChunks chunks(bytes);
    EXPECT_THAT(chunks.leaf_first(), SizeIs(2)) << second;
    EXPECT_FALSE(chunks.is_cut()) << second;
  }
}

TEST(StackChunksCarriedThread, IsTheOneOfTheRecord) {
  ChunkBytes record(kEntry);
  record.head().thread_id = 77;
  const std::string_view latin1 = "caf\xe9";
  std::memcpy(record.head().name, latin1.data(), latin1.size());
  record.head().name_bytes = 4;
  auto thread = carried_thread(record.bytes());
  ASSERT_TRUE(thread);
  EXPECT_EQ(thread->id, 77u);
  EXPECT_EQ(thread->name, "caf\u00e9");
  const std::u16string_view utf16 = u"\u2603!";
  std::memcpy(record.head().name, utf16.data(), 4);
  record.head().name_coder = 1;
  thread = carried_thread(record.bytes());
  ASSERT_TRUE(thread);
  EXPECT_EQ(thread->name, "\u2603!");
  record.head().name_bytes = 0;
  thread = carried_thread(record.bytes());
  ASSERT_TRUE(thread);
  EXPECT_EQ(thread->name, "");
}

TEST(StackChunksCarriedThread, HasNoLongerNameThanThereIsRoomFor) {
  ChunkBytes record(kEntry);
  record.head().thread_id = 77;
  std::memset(record.head().name, 'x', RT_NAME_BYTES);
  record.head().name_bytes = UINT32_MAX;
  auto thread = carried_thread(record.bytes());
  ASSERT_TRUE(thread);
  EXPECT_EQ(thread->name, std::string(RT_NAME_BYTES, 'x'));
}

TEST(StackChunksCarriedThread, IsNoneWithoutAnId) {
  ChunkBytes record(kEntry);
  EXPECT_FALSE(carried_thread(record.bytes()));
  EXPECT_FALSE(carried_thread({}));
  record.head().thread_id = 77;
  auto bytes = record.bytes();
  bytes.resize(ChunkBytes::kHead - 1);
  EXPECT_FALSE(carried_thread(bytes));
}

TEST(StackChunks, AreFoundByAnAddressInThem) {
  ChunkBytes record(kEntry);
  record.add(kSecond, {1, 2, 3, 4}).add(kFirst, {5, 6, 7});
  record.head().chunks[1].copied = 0;
  auto bytes = record.bytes();
  StackChunks chunks(bytes);
  EXPECT_EQ(chunks.holding(kSecond), 0u);
  EXPECT_EQ(chunks.holding(kSecond + 31), 0u);
  EXPECT_EQ(chunks.holding(kSecond + 32), std::nullopt);
  EXPECT_EQ(chunks.holding(kSecond - 1), std::nullopt);
  EXPECT_EQ(chunks.holding(kFirst + 16), 1u) << "though it was not copied";
  EXPECT_EQ(chunks.holding(kFirst + 24), std::nullopt);
  EXPECT_EQ(chunks.holding(0), std::nullopt);
}

}  // namespace
}  // namespace rtprof::jvm
