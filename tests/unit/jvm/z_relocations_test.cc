#include "jvm/z_relocations.h"

#include <gtest/gtest.h>

#include "jvm/java_objects.h"
#include "tests/unit/jvm/fake_heap.h"

namespace rtprof::jvm {
namespace {

using test::FakeHeap;
using test::FakeMemory;

// What ZGC has left of its relocations, in made-up memory.
class FakeRelocations {
 public:
  static constexpr uint32_t kGranuleShift = 21;
  static constexpr uint64_t kGranule = uint64_t{1} << kGranuleShift;
  static constexpr uint32_t kAlignmentShift = 3;
  static constexpr uint64_t kEntries = 16;

  FakeRelocations(FakeMemory& memory, ZLayout& layout) : memory_(memory) {
    layout.collected_heap = kVariable;
    layout.heap = Member{16, 8, true};
    layout.heap_bytes = kHeapBytes;
    layout.page_allocator = Member{0, 8, true};
    layout.page_table = Member{64, 8, true};
    layout.forwardings = Member{128, 8, true};
    layout.granule_shift = kGranuleShift;
    layout.forwarding_bytes = kForwardingBytes;
    layout.forwarding_start = Member{0, 8, true};
    layout.alignment_shift = Member{16, 8, true};
    layout.entry_count = Member{24, 8, true};
    memory.set(kVariable, kHeap - 16);
    memory.map(kHeap, kHeapBytes);
    for (Address table : {kYoung, kOld}) memory.map(table, kTableLength * 8);
    memory.set(kHeap + 128, kYoung);
    add_generation(256, 1, kOld);
    add_generation(512, 0, kYoung);
  }

  static constexpr Address kYoung = 0x61000000, kOld = 0x62000000;

  // The ZForwarding of a granule, without entries.
  Address add_forwarding(Address table, uint64_t granule) {
    Address forwarding = next_;
    next_ += 0x1000;
    memory_.map(forwarding, kForwardingBytes + kEntries * 8);
    memory_.set(forwarding, granule * kGranule);
    memory_.set(forwarding + 16, uint64_t{kAlignmentShift});
    memory_.set(forwarding + 24, kEntries);
    memory_.set(table + granule * 8, forwarding);
    return forwarding;
  }
  void set_entry(Address forwarding, uint64_t slot, uint64_t from_index, uint64_t to_offset) {
    memory_.set(forwarding + kForwardingBytes + slot * 8, from_index << 46 | to_offset << 1 | 1);
  }

 private:
  static constexpr Address kVariable = 0x60000000, kHeap = 0x60001010;
  static constexpr uint32_t kHeapBytes = 1024, kForwardingBytes = 56;
  static constexpr uint64_t kTableLength = 0x4000;

  void add_generation(Address at, uint8_t id, Address table) {
    const uint64_t words[] = {id, kHeap, kHeap + 64, kTableLength, table};
    for (uint64_t word : words) {
      memory_.set(kHeap + at, word);
      at += 8;
    }
  }

  FakeMemory& memory_;
  Address next_ = 0x63000000;
};

struct ZRelocationsTest : testing::Test {
  std::optional<uint64_t> find(ZRelocation relocation, uint64_t offset, bool has_generations = false) {
    auto relocations = ZRelocations::read(memory, layout, has_generations);
    return relocations ? relocations->find(relocation, offset) : std::nullopt;
  }
  static uint64_t offset(uint64_t granule, uint64_t index) {
    return granule * FakeRelocations::kGranule + (index << FakeRelocations::kAlignmentShift);
  }

  FakeMemory memory;
  ZLayout layout;
  FakeRelocations fake{memory, layout};
};

// Slots are those of HotSpot's hash: 3 of 0, 4 and 5; 14 of 9, 20 and 24.
TEST_F(ZRelocationsTest, AreFoundByTheirHash) {
  Address forwarding = fake.add_forwarding(FakeRelocations::kYoung, 5);
  fake.set_entry(forwarding, 3, 0, 0x1000);
  fake.set_entry(forwarding, 4, 4, 0x2000);
  EXPECT_EQ(find(ZRelocation::kYoung, offset(5, 0)), 0x1000);
  EXPECT_EQ(find(ZRelocation::kYoung, offset(5, 4)), 0x2000) << "its slot is another's";
  EXPECT_EQ(find(ZRelocation::kYoung, offset(5, 5)), std::nullopt) << "not moved";
  EXPECT_EQ(find(ZRelocation::kYoung, offset(6, 0)), std::nullopt) << "nor any of its granule";
}

TEST_F(ZRelocationsTest, GoOnAtTheBeginOfTheTable) {
  Address forwarding = fake.add_forwarding(FakeRelocations::kYoung, 5);
  fake.set_entry(forwarding, 14, 9, 0x1000);
  fake.set_entry(forwarding, 15, 20, 0x2000);
  fake.set_entry(forwarding, 0, 24, 0x3000);
  EXPECT_EQ(find(ZRelocation::kYoung, offset(5, 24)), 0x3000);
}

TEST_F(ZRelocationsTest, EndWhereATableIsFull) {
  Address forwarding = fake.add_forwarding(FakeRelocations::kYoung, 5);
  for (uint64_t slot = 0; slot < FakeRelocations::kEntries; ++slot)
    fake.set_entry(forwarding, slot, 1000 + slot, 0x1000);
  EXPECT_EQ(find(ZRelocation::kYoung, offset(5, 0)), std::nullopt);
}

TEST_F(ZRelocationsTest, AreThoseOfAGeneration) {
  fake.set_entry(fake.add_forwarding(FakeRelocations::kYoung, 5), 3, 0, 0x1000);
  fake.set_entry(fake.add_forwarding(FakeRelocations::kOld, 5), 3, 0, 0x2000);
  fake.set_entry(fake.add_forwarding(FakeRelocations::kOld, 6), 3, 0, 0x3000);
  EXPECT_EQ(find(ZRelocation::kYoung, offset(5, 0), true), 0x1000);
  EXPECT_EQ(find(ZRelocation::kOld, offset(5, 0), true), 0x2000);
  EXPECT_EQ(find(ZRelocation::kEither, offset(5, 0), true), 0x1000);
  EXPECT_EQ(find(ZRelocation::kEither, offset(6, 0), true), 0x3000);
  EXPECT_EQ(find(ZRelocation::kYoung, offset(6, 0), true), std::nullopt);
}

TEST_F(ZRelocationsTest, AreNoneWhereTheTablesAreNotFound) {
  memory.set(0x60001010 + 256 + 8, uint64_t{0});
  EXPECT_FALSE(ZRelocations::read(memory, layout, true)) << "of one generation only";
  EXPECT_TRUE(ZRelocations::read(memory, layout, false));
  layout.forwardings = {};
  EXPECT_FALSE(ZRelocations::read(memory, layout, false)) << "not described";
  layout = {};
  EXPECT_FALSE(ZRelocations::read(memory, layout, true));
}

TEST_F(ZRelocationsTest, AreNoneBeyondTheTable) {
  EXPECT_EQ(find(ZRelocation::kOld, offset(0x4000, 0), true), std::nullopt);
  EXPECT_EQ(find(ZRelocation::kOld, UINT64_MAX, true), std::nullopt);
}

// References to one object that was moved, in all colours. By its colour it is known which are older than the
// move: at the old place another object may be now.
struct MovedObjects : testing::Test {
  // `from` has to be the only object of its granule that is moved.
  void move(FakeHeap& heap, Address table, Address from, Address to) {
    FakeRelocations fake(heap.memory, heap.layout.objects.z);
    uint64_t offset = from & FakeHeap::kHighOffsetMask;
    ASSERT_EQ(offset % FakeRelocations::kGranule, 0) << "so that its index is 0, and its slot 3";
    Address forwarding = fake.add_forwarding(table, offset / FakeRelocations::kGranule);
    fake.set_entry(forwarding, 3, 0, to & FakeHeap::kHighOffsetMask);
  }
};

TEST_F(MovedObjects, AreFoundWithoutGenerations) {
  FakeHeap heap({.z_without_generations = true});
  heap.add_granule();
  Address from = heap.add_object(heap.object_class());
  Address to = heap.add_object(heap.object_class());
  move(heap, FakeRelocations::kYoung, from, to);
  JavaObjects objects(heap.memory, heap.layout);
  ASSERT_EQ(objects.begin(), std::nullopt);
  EXPECT_EQ(objects.referred((from & FakeHeap::kHighOffsetMask) | FakeHeap::kHighBad), to);
  EXPECT_EQ(objects.referred((from & FakeHeap::kHighOffsetMask) | FakeHeap::kHighGood), from);
  EXPECT_EQ(objects.referred(0), 0);
}

TEST_F(MovedObjects, AreFoundInTheirGenerations) {
  auto reference = [](Address object, int flips, uint64_t remembered = 0) {
    return object << (13 + flips) | uint64_t{1} << (12 + flips) | remembered << 4;
  };
  for (Address table : {FakeRelocations::kYoung, FakeRelocations::kOld}) {
    FakeHeap heap({.z_with_generations = true});
    heap.add_granule();
    Address from = heap.add_object(heap.object_class());
    Address to = heap.add_object(heap.object_class());
    move(heap, table, from, to);
    JavaObjects objects(heap.memory, heap.layout);
    ASSERT_EQ(objects.begin(), std::nullopt);
    bool is_young = table == FakeRelocations::kYoung;
    EXPECT_EQ(objects.referred(reference(from, 0)), from) << "newer than the move";
    EXPECT_EQ(objects.referred(reference(from, 1)), is_young ? to : from);
    EXPECT_EQ(objects.referred(reference(from, 2)), is_young ? from : to);
    EXPECT_EQ(objects.referred(reference(from, 3)), to) << "one of both";
    EXPECT_EQ(objects.referred(reference(from, 3, 3)), is_young ? from : to) << "from an old object";
    EXPECT_EQ(objects.referred(reference(0, 1)), 0);
    EXPECT_EQ(objects.moved_from(from), std::vector{to});
    EXPECT_EQ(objects.moved_from(to), std::vector<Address>{});
  }
}

}  // namespace
}  // namespace rtprof::jvm
