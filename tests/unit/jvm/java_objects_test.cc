#include "jvm/java_objects.h"

#include <gtest/gtest.h>

#include "tests/unit/jvm/fake_heap.h"

namespace rtprof::jvm {
namespace {

using test::FakeHeap;
using Ways = FakeHeap::Ways;

struct JavaObjectsTest : testing::TestWithParam<Ways> {
  JavaObjectsTest() { begin(); }
  void begin() { EXPECT_EQ(objects.begin(), std::nullopt); }
  std::string class_of(Address address) {
    auto object = objects.object(address);
    return object ? object->of->name : "none";
  }

  FakeHeap heap{GetParam()};
  JavaObjects objects{heap.memory, heap.layout};
};

// What each way of keeping objects has in common.
TEST_P(JavaObjectsTest, HaveClassesFieldsAndText) {
  Address pair = heap.add_class("Pair", heap.object_class(), {{"left", 16}, {"right", 24}, {"count", 32}});
  Address more = heap.add_class("More", pair, {{"left", 40}});
  Address object = heap.add_object(more);
  Address text = heap.add_string("some text");
  heap.set_reference(object, 24, text);
  heap.set_reference(object, 40, heap.add_object(pair));
  heap.memory.set(object + 32, int32_t{-7});

  auto read = objects.object(object);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->of->name, "More");
  EXPECT_EQ(objects.reference(*read, "right"), text);
  EXPECT_EQ(objects.number<int32_t>(*read, "count"), -7);
  EXPECT_EQ(objects.string(text), "some text");
  // A field of the same name in a subclass is another.
  JavaClass* as_pair = objects.classes().called(*read->of, "Pair");
  ASSERT_NE(as_pair, nullptr);
  EXPECT_EQ(objects.reference(*read, *as_pair, "left"), Address{0}) << "null";
  EXPECT_EQ(class_of(objects.reference(*read, "left").value_or(0)), "Pair");
  EXPECT_TRUE(objects.is(*read, as_pair));
  EXPECT_EQ(objects.reference(*read, "middle"), std::nullopt);
  EXPECT_EQ(objects.string(object), std::nullopt) << "no String";
}

TEST_P(JavaObjectsTest, AreFoundByRoots) {
  Address object = heap.add_object(heap.object_class());
  EXPECT_EQ(objects.root(heap.add_root(object)), object);
  EXPECT_EQ(objects.root(heap.add_root(0)), Address{0});
  EXPECT_EQ(objects.root(0), std::nullopt);
}

TEST_P(JavaObjectsTest, AreFollowedToWhereTheyWereMoved) {
  Address from = heap.add_object(heap.thread_class());
  Address to = heap.add_object(heap.thread_class());
  heap.move(from, to);
  auto object = objects.object(from);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->address, to);
}

TEST_P(JavaObjectsTest, AreNoneWhereThereIsNoClass) {
  Address object = heap.add_object(heap.object_class());
  EXPECT_EQ(class_of(object), "java/lang/Object");
  EXPECT_EQ(class_of(object + 4), "none") << "not where an object can be";
  EXPECT_EQ(class_of(object + 16), "none") << "within an object";
  EXPECT_EQ(class_of(0x123456000), "none") << "not mapped";
  EXPECT_EQ(class_of(0), "none");
}

INSTANTIATE_TEST_SUITE_P(
    All, JavaObjectsTest,
    testing::Values(Ways{}, Ways{.compressed_oops = false}, Ways{.compressed_classes = false},
                    Ways{.compressed_oops = false, .compressed_classes = false},
                    Ways{.compact_headers = true}, Ways{.compressed_oops = false, .compact_headers = true},
                    Ways{.z_without_generations = true}, Ways{.z_with_generations = true},
                    Ways{.compact_headers = true, .z_with_generations = true}));

// A collector tells where it will move an object before the copy is there.
TEST(JavaObjects, AreWhereTheyWereUntilTheyHaveBeenMoved) {
  FakeHeap heap({});
  JavaObjects objects(heap.memory, heap.layout);
  ASSERT_EQ(objects.begin(), std::nullopt);
  Address from = heap.add_object(heap.object_class());
  Address to = heap.add_object(0x800000000);
  heap.move(from, to);
  auto object = objects.object(from);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->address, from);
}

// With compact headers the class was where the new address is.
TEST(JavaObjects, AreUnknownUntilTheyHaveBeenMovedWithCompactHeaders) {
  FakeHeap heap({.compact_headers = true});
  JavaObjects objects(heap.memory, heap.layout);
  ASSERT_EQ(objects.begin(), std::nullopt);
  Address from = heap.add_object(heap.object_class());
  heap.move(from, heap.add_object(0x800000000));
  EXPECT_FALSE(objects.object(from));
}

TEST(JavaObjects, HaveOnePlaceInAllColoursOfZgc) {
  FakeHeap heap({.z_without_generations = true});
  JavaObjects objects(heap.memory, heap.layout);
  ASSERT_EQ(objects.begin(), std::nullopt);
  Address object = heap.add_object(heap.object_class());
  Address offset = object & FakeHeap::kHighOffsetMask;
  EXPECT_EQ(objects.model().from_root(offset | FakeHeap::kHighBad), object) << "read by the good colour";
  EXPECT_EQ(objects.model().place(object), offset);
  EXPECT_EQ(objects.model().place(offset | FakeHeap::kHighBad), offset);
}

TEST(JavaObjects, CannotBeReadWithoutFlags) {
  FakeHeap heap({});
  heap.memory.set(heap.layout.objects.flag_count, uint64_t{0});
  JavaObjects objects(heap.memory, heap.layout);
  auto failure = objects.begin();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->message, "its flags cannot be read");
  EXPECT_FALSE(objects.object(heap.add_object(heap.object_class())));
}

}  // namespace
}  // namespace rtprof::jvm
