#include "jvm/java_threads.h"

#include <gtest/gtest.h>

#include "tests/unit/jvm/fake_heap.h"

namespace rtprof::jvm {
namespace {

using test::FakeHeap;

struct JavaThreadsTest : testing::Test {
  std::vector<JavaThread> read() {
    EXPECT_EQ(threads.begin(), std::nullopt);
    return threads.read();
  }

  FakeHeap heap{{}};
  JavaThreads threads{heap.memory, heap.layout};
};

TEST_F(JavaThreadsTest, HaveNamesAndStates) {
  FakeHeap::Thread first = heap.add_thread(71, "first");
  FakeHeap::Thread second = heap.add_thread(72, "second");
  heap.set_status(second, 0x291);
  heap.memory.set(second.object + FakeHeap::kDaemon, uint8_t{1});
  heap.set_reference(second.object, FakeHeap::kBlocker, first.object);

  auto all = read();
  ASSERT_EQ(all.size(), 2);
  EXPECT_EQ(all[0].name, "first");
  EXPECT_EQ(all[0].tid, 71);
  EXPECT_EQ(all[0].is_daemon, false);
  EXPECT_EQ(all[0].object, first.object);
  EXPECT_EQ(all[0].park_blocker, 0);
  EXPECT_EQ(all[0].stack_high - all[0].stack_low, FakeHeap::kStackBytes);
  EXPECT_EQ(all[1].name, "second");
  EXPECT_EQ(all[1].is_daemon, true);
  EXPECT_EQ(all[1].status, JavaThreadStatus::kParked);
  EXPECT_EQ(all[1].park_blocker, first.object);
  EXPECT_EQ(threads.name_of(second.address), "second");
}

// From JDK 19 on.
TEST_F(JavaThreadsTest, MayKeepTheirStatesInAnObjectOfItsOwn) {
  Address holder_class = heap.add_class("java/lang/Thread$FieldHolder", heap.object_class(),
                                        {{"threadStatus", 16}, {"daemon", 20}});
  Address thread_class =
      heap.add_class("java/lang/Thread", heap.object_class(), {{"name", 16}, {"holder", 24}});
  heap.memory.set(heap.layout.objects.thread_class, thread_class);
  FakeHeap::Thread thread = heap.add_thread(71, "some");
  Address object = heap.add_object(thread_class);
  Address holder = heap.add_object(holder_class);
  heap.set_reference(object, 16, heap.add_string("other"));
  heap.set_reference(object, 24, holder);
  heap.memory.set(holder + 16, int32_t{0x401});
  heap.memory.set(holder + 20, uint8_t{1});
  heap.memory.set(thread.address + 8, heap.add_root(object));

  auto all = read();
  ASSERT_EQ(all.size(), 1);
  EXPECT_EQ(all[0].name, "other");
  EXPECT_EQ(all[0].status, JavaThreadStatus::kBlockedOnMonitor);
  EXPECT_EQ(all[0].is_daemon, true);
}

// A class of the program may have fields of the same names.
TEST_F(JavaThreadsTest, HaveTheFieldsOfThread) {
  Address subclass = heap.add_class("Worker", heap.thread_class(), {{"name", 48}});
  FakeHeap::Thread thread = heap.add_thread(71, "its name");
  Address object = heap.add_object(subclass);
  heap.set_reference(object, FakeHeap::kName, heap.add_string("its name"));
  heap.set_reference(object, 48, heap.add_string("not its name"));
  heap.memory.set(thread.address + 8, heap.add_root(object));
  auto all = read();
  ASSERT_EQ(all.size(), 1);
  EXPECT_EQ(all[0].name, "its name");
}

TEST_F(JavaThreadsTest, StayWithoutWhatCannotBeRead) {
  FakeHeap::Thread starting = heap.add_thread(71, "has no object yet");
  heap.memory.set(starting.address + 8, heap.add_root(0));
  FakeHeap::Thread other = heap.add_thread(72, "has another object");
  heap.memory.set(other.address + 8, heap.add_root(heap.add_string("text")));
  heap.add_thread(0, "has no thread of the system yet");
  auto all = read();
  ASSERT_EQ(all.size(), 2);
  for (const JavaThread& thread : all) {
    EXPECT_EQ(thread.name, "");
    EXPECT_EQ(thread.status, std::nullopt);
    EXPECT_EQ(thread.object, 0);
  }
  EXPECT_EQ(all[0].tid, 71);
}

TEST_F(JavaThreadsTest, KeepTheirNamesWhileTheyAreMoved) {
  FakeHeap::Thread thread = heap.add_thread(71, "before");
  Address to = heap.add_object(heap.thread_class());
  heap.set_reference(to, FakeHeap::kName, heap.add_string("after"));
  heap.move(thread.object, to);
  auto all = read();
  ASSERT_EQ(all.size(), 1);
  EXPECT_EQ(all[0].name, "after");
  EXPECT_EQ(all[0].object, to);
}

TEST_F(JavaThreadsTest, NameWhatIsMissing) {
  heap.layout.threads.missing = "OSThread::_thread_id";
  auto failure = threads.begin();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->message, "HotSpot does not describe OSThread::_thread_id");
}

// Until JDK 12 each leads to the next.
TEST_F(JavaThreadsTest, MayBeAChain) {
  FakeHeap::Thread first = heap.add_thread(71, "first");
  FakeHeap::Thread second = heap.add_thread(72, "second");
  heap.layout.threads.list = 0;
  heap.layout.threads.first = 0x44000000;
  heap.layout.threads.next = Member{56, 8, true};
  heap.memory.set(heap.layout.threads.first, second.address);
  heap.memory.set(second.address + 56, first.address);
  auto all = read();
  ASSERT_EQ(all.size(), 2);
  EXPECT_EQ(all[0].name, "second");
  EXPECT_EQ(all[1].name, "first");
}

}  // namespace
}  // namespace rtprof::jvm
