#include "jvm/continuations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "jvm/stack_chunks.h"
#include "tests/unit/jvm/fake_carrier.h"

namespace rtprof::jvm {
namespace {

using test::FakeCarrier;
using test::FakeHeap;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using Jdk = FakeCarrier::Jdk;

// Whether they are known after a batch of stacks of which some went on in the heap. Without a pause after
// others, since in the future none was.
bool learn(Continuations& continuations) {
  continuations.want();
  continuations.begin_batch(monotonic_now() + kSecond);
  return continuations.settings() != nullptr;
}
bool are_learnt(const FakeCarrier& fake) {
  Continuations continuations = fake.continuations();
  return learn(continuations);
}
class ContinuationsTest : public testing::TestWithParam<Jdk> {
 protected:
  FakeCarrier fake_{GetParam()};
};

TEST_P(ContinuationsTest, AreLearntFromAVirtualThreadThatIsCarried) {
  fake_.set_tail(fake_.add_chunk({1, 2, 3, 4}));
  Continuations continuations = fake_.continuations();
  EXPECT_TRUE(continuations.exist());
  EXPECT_EQ(continuations.settings(), nullptr);
  continuations.prepare();
  EXPECT_TRUE(continuations.has_carriers());
  const rt_chunk_settings* settings = continuations.settings();
  ASSERT_NE(settings, nullptr);
  EXPECT_EQ(settings->coding, RT_REFERENCE_NARROW);
  EXPECT_EQ(settings->shift, 3);
  EXPECT_EQ(settings->thread_entry, FakeCarrier::kThreadEntry);
  EXPECT_EQ(settings->entry_continuation, FakeCarrier::kEntryContinuation);
  EXPECT_EQ(settings->continuation_tail, FakeCarrier::kTail);
  EXPECT_EQ(settings->chunk_parent, FakeCarrier::kParent);
  EXPECT_EQ(settings->chunk_continuation, FakeCarrier::kWhose);
  EXPECT_EQ(settings->chunk_size, FakeCarrier::kSize);
  EXPECT_EQ(settings->chunk_sp, FakeCarrier::kSp);
  EXPECT_EQ(settings->chunk_end, FakeCarrier::kEnd);
  EXPECT_EQ(settings->ends_at_bottom, GetParam() == Jdk::k21 ? 0 : 1);
  EXPECT_EQ(settings->chunk_stack, FakeHeap::kObjectBytes);
  EXPECT_EQ(continuations.entry_bytes(), FakeCarrier::kEntryBytes);
  EXPECT_THAT(continuations.methods(), SizeIs(2));
}

TEST_P(ContinuationsTest, AreNotLearntWhereNothingIsCarried) {
  fake_.set_tail(fake_.add_chunk({1, 2, 3, 4}));
  fake_.set_entry(0);
  Continuations continuations = fake_.continuations();
  continuations.prepare();
  EXPECT_EQ(continuations.settings(), nullptr);
  EXPECT_TRUE(continuations.has_carriers());
  EXPECT_THAT(continuations.read(FakeCarrier::kTid), IsEmpty());
  fake_.set_entry(FakeCarrier::kEntry);
  EXPECT_TRUE(learn(continuations));
}

TEST_P(ContinuationsTest, AreLookedForWhereStacksNeedThem) {
  fake_.set_tail(fake_.add_chunk({1, 2, 3, 4}));
  Continuations continuations = fake_.continuations();
  continuations.begin_batch(monotonic_now());
  EXPECT_EQ(continuations.settings(), nullptr);
  continuations.want();
  continuations.begin_batch(monotonic_now());
  EXPECT_NE(continuations.settings(), nullptr);
}

TEST_P(ContinuationsTest, AreNotLookedForAllTheTime) {
  fake_.set_tail(fake_.add_chunk({1, 2, 3, 4}));
  fake_.set_entry(0);
  Continuations continuations = fake_.continuations();
  continuations.want();
  TimePoint now = monotonic_now();
  continuations.begin_batch(now - kSecond);  // as if it had taken a second
  fake_.set_entry(FakeCarrier::kEntry);
  continuations.want();
  continuations.begin_batch(now + 20 * kSecond);
  EXPECT_EQ(continuations.settings(), nullptr);
  continuations.begin_batch(now + 1000 * kSecond);
  EXPECT_NE(continuations.settings(), nullptr);
}

TEST_P(ContinuationsTest, AreNotLearntFromThreadsThatAreNoCarriers) {
  fake_.set_tail(fake_.add_chunk({1, 2, 3, 4}));
  fake_.set_class_of_thread(fake_.heap.thread_class());
  Continuations continuations = fake_.continuations();
  continuations.prepare();
  EXPECT_EQ(continuations.settings(), nullptr);
  EXPECT_FALSE(continuations.has_carriers());
}

TEST_P(ContinuationsTest, AreNotLearntFromAnObjectOfAnotherClass) {
  Address other =
      fake_.heap.add_class("java/lang/Other", fake_.heap.object_class(), {{"tail", FakeCarrier::kTail}});
  Address object = fake_.heap.add_object(other);
  Address chunk = fake_.add_chunk({1, 2, 3, 4});
  fake_.heap.set_reference(chunk, FakeCarrier::kWhose, object);
  fake_.heap.set_reference(object, FakeCarrier::kTail, chunk);
  fake_.heap.memory.set(FakeCarrier::kEntry + FakeCarrier::kEntryContinuation, object);
  EXPECT_FALSE(are_learnt(fake_));
}

TEST_P(ContinuationsTest, AreNotLearntWithoutAChunk) {
  EXPECT_FALSE(are_learnt(fake_)) << "it has none yet";
  Address string = fake_.heap.add_string("no chunk");
  fake_.heap.set_reference(string, FakeCarrier::kWhose, fake_.continuation);
  fake_.set_tail(string);
  EXPECT_FALSE(are_learnt(fake_));
}

TEST_P(ContinuationsTest, AreNotLearntFromAChunkOfAnother) {
  Address chunk = fake_.add_chunk({1, 2, 3, 4});
  fake_.set_tail(chunk);
  fake_.heap.set_reference(chunk, FakeCarrier::kWhose, fake_.heap.add_object(fake_.continuation_class));
  EXPECT_FALSE(are_learnt(fake_));
}

// What is around the Continuation has to be what an entry has there.
TEST_P(ContinuationsTest, AreNotLearntFromWhatIsNoEntry) {
  Address chunk = fake_.add_chunk({1, 2, 3, 4});
  fake_.set_tail(chunk);
  test::FakeMemory& memory = fake_.heap.memory;
  const Address parent = FakeCarrier::kEntry, its_chunk = FakeCarrier::kEntry + FakeCarrier::kEntryChunk,
                numbers = its_chunk + 8;
  for (Address place : {parent, its_chunk, numbers}) {
    memory.set(place, uint64_t{0x7f0000001234});
    EXPECT_FALSE(are_learnt(fake_)) << place - FakeCarrier::kEntry;
    memory.set(place, uint64_t{0});
  }
  memory.set(its_chunk, chunk);
  memory.set(numbers, uint64_t{3} << 32 | 1);
  EXPECT_TRUE(are_learnt(fake_));
}

TEST_P(ContinuationsTest, GiveTheChunksOfAThread) {
  Address root = fake_.add_chunk({5, 6, 7});
  fake_.set_tail(fake_.add_chunk({1, 2, 3, 4}, root));
  Continuations continuations = fake_.continuations();
  continuations.prepare();
  auto record = continuations.read(FakeCarrier::kTid);
  StackChunks chunks(record);
  EXPECT_EQ(chunks.entry(), FakeCarrier::kEntry);
  EXPECT_FALSE(chunks.is_cut());
  ASSERT_THAT(chunks.leaf_first(), SizeIs(2));
  const StackChunks::Chunk& first = chunks.leaf_first()[0];
  EXPECT_EQ(first.end - first.begin(), 4 * 8);
  EXPECT_EQ(first.word(first.begin()), 1u);
  EXPECT_EQ(first.word(first.sp + 8), 4u);
  const StackChunks::Chunk& second = chunks.leaf_first()[1];
  EXPECT_EQ(second.begin(), FakeCarrier::stack_of(root));
  EXPECT_EQ(second.word(second.sp), 7u);
  EXPECT_THAT(continuations.read(FakeCarrier::kTid + 1), IsEmpty()) << "of no Java thread";
}

TEST_P(ContinuationsTest, GiveNoChunksWithoutFrames) {
  Address root = fake_.add_chunk({5, 6, 7});
  Address empty = fake_.add_chunk({1, 2}, root);
  fake_.set_tail(empty);
  Continuations continuations = fake_.continuations();
  continuations.prepare();
  auto record = continuations.read(FakeCarrier::kTid);
  StackChunks chunks(record);
  ASSERT_THAT(chunks.leaf_first(), SizeIs(1));
  EXPECT_EQ(chunks.leaf_first()[0].begin(), FakeCarrier::stack_of(root));
  fake_.heap.set_reference(empty, FakeCarrier::kParent, 0);
  record = continuations.read(FakeCarrier::kTid);
  StackChunks none(record);
  EXPECT_TRUE(none.empty()) << "all frames are on the stack";
  EXPECT_FALSE(none.is_cut());
  EXPECT_EQ(none.entry(), FakeCarrier::kEntry) << "which leads to the carrier";
  fake_.set_entry(0);
  EXPECT_THAT(continuations.read(FakeCarrier::kTid), IsEmpty()) << "it carries nothing";
}

TEST_P(ContinuationsTest, GiveFramesUpToTheEndOfTheRootFrame) {
  Address chunk = fake_.add_chunk({1, 2, 3, 4, 5, 6});
  fake_.set_end(chunk, 5);
  fake_.set_tail(chunk);
  Continuations continuations = fake_.continuations();
  continuations.prepare();
  auto record = continuations.read(FakeCarrier::kTid);
  StackChunks chunks(record);
  ASSERT_THAT(chunks.leaf_first(), SizeIs(1));
  EXPECT_EQ(chunks.leaf_first()[0].end, FakeCarrier::stack_of(chunk) + 5 * 8);
  EXPECT_THAT(chunks.leaf_first()[0].bytes, SizeIs(5 * 8));
}

TEST_P(ContinuationsTest, DoNotGiveAnObjectOfAnotherClass) {
  Address other = fake_.add_chunk({5, 6, 7});
  Address chunk = fake_.add_chunk({1, 2, 3, 4}, other);
  fake_.set_tail(chunk);
  Continuations continuations = fake_.continuations();
  continuations.prepare();
  Address header = *fake_.heap.memory.get<uint64_t>(fake_.heap.add_string("other") + 8);
  fake_.heap.memory.set(other + 8, static_cast<uint32_t>(header));
  auto record = continuations.read(FakeCarrier::kTid);
  StackChunks chunks(record);
  EXPECT_THAT(chunks.leaf_first(), SizeIs(1));
  EXPECT_TRUE(chunks.is_cut());
  fake_.heap.memory.set(chunk + 8, static_cast<uint32_t>(header));
  record = continuations.read(FakeCarrier::kTid);
  EXPECT_TRUE(StackChunks(record).empty());
  EXPECT_TRUE(StackChunks(record).is_cut());
}

// Where it was, a collector may have put another continuation's.
TEST_P(ContinuationsTest, DoNotGiveAChunkOfAnotherContinuation) {
  Address root = fake_.add_chunk({5, 6, 7});
  Address chunk = fake_.add_chunk({1, 2, 3, 4}, root);
  fake_.set_tail(chunk);
  Continuations continuations = fake_.continuations();
  continuations.prepare();
  Address other = fake_.heap.add_object(fake_.continuation_class);
  fake_.heap.set_reference(root, FakeCarrier::kWhose, other);
  auto record = continuations.read(FakeCarrier::kTid);
  EXPECT_THAT(StackChunks(record).leaf_first(), SizeIs(1));
  EXPECT_TRUE(StackChunks(record).is_cut());
  fake_.heap.set_reference(chunk, FakeCarrier::kWhose, other);
  record = continuations.read(FakeCarrier::kTid);
  EXPECT_TRUE(StackChunks(record).empty());
  EXPECT_TRUE(StackChunks(record).is_cut());
}

TEST_P(ContinuationsTest, DoNotGiveChunksThatContradictThemselves) {
  Address chunk = fake_.add_chunk({1, 2, 3, 4});
  fake_.set_tail(chunk);
  Continuations continuations = fake_.continuations();
  continuations.prepare();
  fake_.heap.memory.set(chunk + FakeCarrier::kEnd, uint32_t{5});
  auto record = continuations.read(FakeCarrier::kTid);
  EXPECT_TRUE(StackChunks(record).empty());
  EXPECT_TRUE(StackChunks(record).is_cut());
}

TEST_P(ContinuationsTest, GiveNoMoreChunksThanThereIsRoomFor) {
  Address chunk = 0;
  for (int i = 0; i < RT_MAX_CHUNKS; ++i) chunk = fake_.add_chunk({1, 2, 3, 4}, chunk);
  fake_.set_tail(chunk);
  Continuations continuations = fake_.continuations();
  continuations.prepare();
  auto record = continuations.read(FakeCarrier::kTid);
  EXPECT_THAT(StackChunks(record).leaf_first(), SizeIs(RT_MAX_CHUNKS));
  EXPECT_FALSE(StackChunks(record).is_cut());
  fake_.set_tail(fake_.add_chunk({1, 2, 3, 4}, chunk));
  record = continuations.read(FakeCarrier::kTid);
  EXPECT_THAT(StackChunks(record).leaf_first(), SizeIs(RT_MAX_CHUNKS));
  EXPECT_TRUE(StackChunks(record).is_cut());
}

TEST_P(ContinuationsTest, GiveNoMoreBytesThanThereIsRoomFor) {
  std::vector<uint64_t> most(RT_MAX_CHUNK_BYTES / 8, 9);
  Address root = fake_.add_chunk({5, 6, 7});
  fake_.set_tail(fake_.add_chunk(most, root));
  Continuations continuations = fake_.continuations();
  continuations.prepare();
  auto record = continuations.read(FakeCarrier::kTid);
  StackChunks chunks(record);
  ASSERT_THAT(chunks.leaf_first(), SizeIs(2));
  EXPECT_THAT(chunks.leaf_first()[0].bytes, SizeIs(RT_MAX_CHUNK_BYTES));
  EXPECT_THAT(chunks.leaf_first()[1].bytes, IsEmpty());
  EXPECT_TRUE(chunks.is_cut());
}

// The heap is read while others of the process's threads run.
TEST_P(ContinuationsTest, EndWhereChunksLeadInACircle) {
  Address chunk = fake_.add_chunk({1, 2});
  fake_.heap.set_reference(chunk, FakeCarrier::kParent, chunk);
  fake_.set_tail(chunk);
  Continuations continuations = fake_.continuations();
  continuations.prepare();
  auto record = continuations.read(FakeCarrier::kTid);
  EXPECT_TRUE(StackChunks(record).empty());
  EXPECT_TRUE(StackChunks(record).is_cut());
}

TEST_P(ContinuationsTest, FollowWhatACollectorHasMoved) {
  Address from = fake_.add_chunk({5, 6, 7});
  Address to = fake_.add_chunk({1, 2, 3, 4});
  fake_.set_tail(from);
  Continuations continuations = fake_.continuations();
  continuations.prepare();
  fake_.heap.move(from, to);
  auto record = continuations.read(FakeCarrier::kTid);
  StackChunks chunks(record);
  ASSERT_THAT(chunks.leaf_first(), SizeIs(1));
  EXPECT_EQ(chunks.leaf_first()[0].begin(), FakeCarrier::stack_of(to));

  // The chunk leads to where its continuation was.
  Address moved = fake_.heap.add_object(fake_.continuation_class);
  fake_.heap.set_reference(moved, FakeCarrier::kTail, to);
  fake_.heap.move(fake_.continuation, moved);
  fake_.heap.memory.set(FakeCarrier::kEntry + FakeCarrier::kEntryContinuation, moved);
  record = continuations.read(FakeCarrier::kTid);
  EXPECT_THAT(StackChunks(record).leaf_first(), SizeIs(1));
}

TEST_P(ContinuationsTest, TellThreadsWhenTheyHaveChanged) {
  fake_.set_tail(fake_.add_chunk({1, 2, 3, 4}));
  Continuations continuations = fake_.continuations();
  const uint64_t before = continuations.version();
  const TimePoint now = monotonic_now() + 100 * kSecond;
  continuations.begin_batch(now);
  EXPECT_THAT(continuations.threads(), IsEmpty()) << "nobody needs them yet";
  ASSERT_TRUE(learn(continuations));
  continuations.begin_batch(now);
  const auto one = UnorderedElementsAre(Pair(71, fake_.thread.address));
  EXPECT_THAT(continuations.threads(), one);
  const uint64_t first = continuations.version();
  EXPECT_NE(first, before);
  // HotSpot makes another list when a thread comes or goes: one read tells that there is none.
  size_t reads = fake_.heap.memory.reads();
  continuations.begin_batch(now);
  EXPECT_EQ(fake_.heap.memory.reads(), reads + 1);
  EXPECT_EQ(continuations.version(), first);
  FakeHeap::Thread other = fake_.heap.add_thread(72, "other");
  continuations.begin_batch(now);
  EXPECT_THAT(continuations.threads(),
              UnorderedElementsAre(Pair(71, fake_.thread.address), Pair(72, other.address)));
  const uint64_t second = continuations.version();
  EXPECT_NE(second, first);

  // Another list where one was that is freed by now.
  Address list = *fake_.heap.memory.pointer(fake_.heap.layout.threads.list);
  fake_.heap.memory.set(list, uint32_t{1});
  continuations.begin_batch(now + kSecond / 2);
  EXPECT_EQ(continuations.version(), second);
  continuations.begin_batch(now + kSecond);
  EXPECT_NE(continuations.version(), second);
  EXPECT_THAT(continuations.threads(), one);
}

// None are of a JVM that cannot be read right now.
TEST_P(ContinuationsTest, TellTheThreadsThatWereReadLast) {
  fake_.set_tail(fake_.add_chunk({1, 2, 3, 4}));
  Continuations continuations = fake_.continuations();
  const TimePoint now = monotonic_now() + 100 * kSecond;
  ASSERT_TRUE(learn(continuations));
  continuations.begin_batch(now);
  const uint64_t version = continuations.version();
  fake_.heap.memory.set(*fake_.heap.memory.pointer(fake_.heap.layout.threads.list), uint32_t{0});
  continuations.begin_batch(now + kSecond);
  EXPECT_THAT(continuations.threads(), SizeIs(1));
  EXPECT_EQ(continuations.version(), version);
}

std::string jdk_name(const testing::TestParamInfo<Jdk>& info) {
  return "Jdk" + std::to_string(static_cast<int>(info.param));
}
INSTANTIATE_TEST_SUITE_P(Jdks, ContinuationsTest, testing::Values(Jdk::k21, Jdk::k25), jdk_name);

// A virtual thread's continuation runs an object that knows the thread.
TEST(ContinuationsNames, AreFoundFromTheContinuation) {
  for (bool names : {true, false}) {
    FakeCarrier fake(Jdk::k25);
    fake.names = names;
    fake.set_tail(fake.add_chunk({1, 2, 3, 4}));
    fake.add_virtual_thread();
    Continuations continuations = fake.continuations();
    ASSERT_TRUE(learn(continuations));
    const rt_chunk_settings& settings = *continuations.settings();
    EXPECT_EQ(settings.continuation_target, names ? FakeCarrier::kTarget : 0);
    if (!names) continue;
    EXPECT_EQ(settings.target_thread, FakeCarrier::kTargetThread);
    EXPECT_NE(settings.target_class_value, settings.class_value);
    EXPECT_EQ(settings.thread_id, FakeHeap::kThreadId);
    EXPECT_EQ(settings.thread_name, FakeHeap::kName);
    EXPECT_EQ(settings.string_value, 16u);
    EXPECT_EQ(settings.string_coder, 24u);
    EXPECT_EQ(settings.array_length, 12u);
    EXPECT_EQ(settings.array_begin, 24u);
  }
}

// The frames are there all the same.
TEST(ContinuationsNames, AreNotNeeded) {
  FakeCarrier fake(Jdk::k25);
  fake.names = true;
  fake.set_tail(fake.add_chunk({1, 2, 3, 4}));
  Continuations continuations = fake.continuations();
  ASSERT_TRUE(learn(continuations));
  EXPECT_EQ(continuations.settings()->continuation_target, 0u);
}

// Words of a thread that lead to its stack are many.
TEST(ContinuationsSearch, IsOfTheThreadsOwnStack) {
  FakeCarrier fake(Jdk::k21);
  fake.set_tail(fake.add_chunk({1, 2, 3, 4}));
  test::FakeMemory& memory = fake.heap.memory;
  memory.set(fake.thread.address + FakeCarrier::kThreadEntry - 8, FakeCarrier::kEntry - 0x100);
  EXPECT_TRUE(are_learnt(fake));
  Address elsewhere = FakeHeap::kStackLow - 0x1000;
  memory.map(elsewhere, FakeCarrier::kEntryBytes);
  memory.set(elsewhere + FakeCarrier::kEntryContinuation, fake.continuation);
  fake.set_entry(elsewhere);
  EXPECT_FALSE(are_learnt(fake));
}

// While a virtual thread leaves its carrier, the anchor of the last Java frame leads there, too.
TEST(ContinuationsSearch, DoesNotTakeTheAnchorForTheEntry) {
  for (uint32_t word : {0, 8, 16}) {
    FakeCarrier fake(Jdk::k21);
    fake.set_tail(fake.add_chunk({1, 2, 3, 4}));
    fake.heap.memory.set(fake.thread.address + FakeCarrier::kAnchor + word, FakeCarrier::kEntry);
    Continuations continuations = fake.continuations();
    ASSERT_TRUE(learn(continuations));
    EXPECT_EQ(continuations.settings()->thread_entry, FakeCarrier::kThreadEntry) << word;
    fake.set_entry(0);
    EXPECT_FALSE(are_learnt(fake)) << word;
  }
}

// What all threads have is in front of what a carrier has.
TEST(ContinuationsSearch, BeginsAtTheEndOfTheThread) {
  FakeCarrier fake(Jdk::k21);
  fake.set_tail(fake.add_chunk({1, 2, 3, 4}));
  fake.heap.memory.set(fake.thread.address + FakeCarrier::kThreadEntry - 8, FakeCarrier::kEntry);
  Continuations continuations = fake.continuations();
  ASSERT_TRUE(learn(continuations));
  EXPECT_EQ(continuations.settings()->thread_entry, FakeCarrier::kThreadEntry);
}

TEST(ContinuationsOfOldJdks, DoNotExist) {
  FakeCarrier fake(Jdk::k21);
  fake.set_tail(fake.add_chunk({1, 2, 3, 4}));
  fake.heap.layout.version.feature = 20;
  Continuations continuations = fake.continuations();
  EXPECT_FALSE(continuations.exist());
  continuations.prepare();
  EXPECT_FALSE(learn(continuations));
  EXPECT_FALSE(continuations.has_carriers());
  EXPECT_THAT(continuations.threads(), IsEmpty());
  EXPECT_THAT(continuations.read(FakeCarrier::kTid), IsEmpty());
}

TEST(ContinuationsReferences, AreReadAsTheJvmKeepsThem) {
  const std::pair<FakeHeap::Ways, rt_reference_coding> all[] = {
      {{.compressed_oops = false}, RT_REFERENCE_PLAIN},
      {{.compressed_oops = false, .compressed_classes = false}, RT_REFERENCE_PLAIN},
      {{.compact_headers = true}, RT_REFERENCE_NARROW},
      {{.z_without_generations = true}, RT_REFERENCE_COLOURED_HIGH},
      {{.z_with_generations = true}, RT_REFERENCE_COLOURED_LOW},
  };
  for (const auto& [ways, coding] : all) {
    FakeCarrier fake(Jdk::k25, ways);
    Address root = fake.add_chunk({5, 6, 7});
    fake.set_tail(fake.add_chunk({1, 2, 3, 4}, root));
    Continuations continuations = fake.continuations();
    continuations.prepare();
    auto record = continuations.read(FakeCarrier::kTid);
    StackChunks chunks(record);
    ASSERT_THAT(chunks.leaf_first(), SizeIs(2)) << coding;
    EXPECT_EQ(chunks.leaf_first()[1].begin(), FakeCarrier::stack_of(root)) << coding;
    EXPECT_EQ(chunks.leaf_first()[1].word(FakeCarrier::stack_of(root)), 5u) << coding;
    ASSERT_NE(continuations.settings(), nullptr);
    EXPECT_EQ(continuations.settings()->coding, coding);
    if (coding != RT_REFERENCE_COLOURED_HIGH) continue;
    EXPECT_EQ(continuations.settings()->base, FakeHeap::kHighGood);
    EXPECT_EQ(continuations.settings()->mask, FakeHeap::kHighOffsetMask);
    // The stack has its address in another colour.
    Address other = (fake.continuation & FakeHeap::kHighOffsetMask) | FakeHeap::kHighBad;
    fake.heap.memory.put(other, *fake.heap.memory.bytes(fake.continuation, FakeHeap::kObjectBytes));
    fake.heap.memory.set(FakeCarrier::kEntry + FakeCarrier::kEntryContinuation, other);
    record = continuations.read(FakeCarrier::kTid);
    EXPECT_THAT(StackChunks(record).leaf_first(), SizeIs(2));
  }
}

}  // namespace
}  // namespace rtprof::jvm
