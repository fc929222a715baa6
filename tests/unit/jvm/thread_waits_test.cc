#include "jvm/thread_waits.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "tests/unit/jvm/fake_heap.h"

namespace rtprof::jvm {
namespace {

using test::FakeHeap;

constexpr int32_t kBlocked = 0x401;
constexpr int32_t kInWait = 0x191;
constexpr int32_t kParked = 0x291;
constexpr int32_t kParkedTimed = 0x2a1;

struct ThreadWaitsTest : testing::Test {
  explicit ThreadWaitsTest(const FakeHeap::Ways& ways = {}) : heap(ways) {}

  // Of the thread that was added last.
  ThreadWait last_wait() {
    EXPECT_EQ(threads.begin(), std::nullopt);
    auto all = threads.read();
    return waits_of(heap.memory, heap.layout, all, threads.objects()).back();
  }
  FakeHeap::Thread add_blocked(Address monitor) {
    FakeHeap::Thread thread = heap.add_thread(72, "waiter");
    heap.set_status(thread, kBlocked);
    heap.memory.set(thread.address + FakeHeap::kPendingMonitor, monitor);
    return thread;
  }
  // A lock of java.util.concurrent that a thread has.
  Address add_lock(Address owner) {
    Address ownable = heap.add_class("java/util/concurrent/locks/AbstractOwnableSynchronizer",
                                     heap.object_class(), {{"exclusiveOwnerThread", 16}});
    Address lock = heap.add_object(heap.add_class("Lock$Sync", ownable, {}));
    heap.set_reference(lock, 16, owner);
    return lock;
  }
  FakeHeap::Thread add_parked(Address blocker, int32_t status) {
    FakeHeap::Thread thread = heap.add_thread(72, "waiter");
    heap.set_status(thread, status);
    heap.set_reference(thread.object, FakeHeap::kBlocker, blocker);
    return thread;
  }

  FakeHeap heap;
  JavaThreads threads{heap.memory, heap.layout};
};

TEST_F(ThreadWaitsTest, AreOfMonitorsAndTheirOwners) {
  FakeHeap::Thread owner = heap.add_thread(71, "owner");
  Address object = heap.add_object(heap.object_class());
  add_blocked(heap.add_monitor(object, owner.address));
  ThreadWait wait = last_wait();
  EXPECT_EQ(wait.reason, "blocked on monitor");
  EXPECT_EQ(wait.lock, fmt::format("java.lang.Object@{:#x}", object));
  EXPECT_EQ(wait.holder, owner.address);
  EXPECT_TRUE(wait.is_blocked);
  EXPECT_TRUE(wait.may_last);
}

TEST_F(ThreadWaitsTest, AreForNobodyWhereAMonitorIsFree) {
  add_blocked(heap.add_monitor(heap.add_object(heap.object_class()), 0));
  ThreadWait wait = last_wait();
  EXPECT_EQ(wait.holder, 0);
  EXPECT_FALSE(wait.may_last);
}

// What was locked on its owner's stack before it had a monitor.
TEST_F(ThreadWaitsTest, FindOwnersByTheirStacks) {
  FakeHeap::Thread owner = heap.add_thread(71, "owner");
  Address object = heap.add_object(heap.object_class());
  add_blocked(heap.add_monitor(object, FakeHeap::kStackLow + 8));
  EXPECT_EQ(last_wait().holder, owner.address);
  add_blocked(heap.add_monitor(object, 0x1234));
  EXPECT_EQ(last_wait().holder, 0);
}

// From JDK 21 on.
TEST_F(ThreadWaitsTest, FindOwnersByTheirLockStacks) {
  constexpr uint32_t kLockStack = 64;
  heap.layout.threads.lock_stack = Member{kLockStack, 32, true};
  heap.layout.threads.lock_stack_top = Member{0, 4, true};
  heap.layout.threads.lock_stack_begin = Member{8, 8, true};
  FakeHeap::Thread owner = heap.add_thread(71, "owner");
  Address object = heap.add_object(heap.object_class());
  heap.memory.set(owner.address + kLockStack, kLockStack + 16);
  heap.memory.set(owner.address + kLockStack + 8, object);
  constexpr Address kAnonymous = 1;
  add_blocked(heap.add_monitor(object, kAnonymous));
  EXPECT_EQ(last_wait().holder, owner.address);
  add_blocked(heap.add_monitor(heap.add_object(heap.object_class()), kAnonymous));
  EXPECT_EQ(last_wait().holder, 0);
}

TEST_F(ThreadWaitsTest, HaveNoHolderInObjectWait) {
  FakeHeap::Thread owner = heap.add_thread(71, "owner");
  FakeHeap::Thread waiter = heap.add_thread(72, "waiter");
  heap.set_status(waiter, kInWait);
  Address monitor = heap.add_monitor(heap.add_object(heap.object_class()), owner.address);
  heap.memory.set(waiter.address + FakeHeap::kWaitingMonitor, monitor);
  ThreadWait wait = last_wait();
  EXPECT_EQ(wait.reason, "Object.wait");
  EXPECT_NE(wait.lock, "");
  EXPECT_EQ(wait.holder, 0);
}

TEST_F(ThreadWaitsTest, AreOfLocksAndTheirOwners) {
  FakeHeap::Thread owner = heap.add_thread(71, "owner");
  Address lock = add_lock(owner.object);
  add_parked(lock, kParked);
  ThreadWait wait = last_wait();
  EXPECT_EQ(wait.reason, "parked");
  EXPECT_EQ(wait.lock, fmt::format("Lock$Sync@{:#x}", lock));
  EXPECT_EQ(wait.holder, owner.address);
  EXPECT_TRUE(wait.may_last);
}

TEST_F(ThreadWaitsTest, DoNotLastWhereTheirTimeIsLimited) {
  FakeHeap::Thread owner = heap.add_thread(71, "owner");
  add_parked(add_lock(owner.object), kParkedTimed);
  ThreadWait wait = last_wait();
  EXPECT_EQ(wait.reason, "parked, timed");
  EXPECT_EQ(wait.holder, owner.address);
  EXPECT_FALSE(wait.may_last);
}

TEST_F(ThreadWaitsTest, HaveNoHolderOfOtherObjects) {
  add_parked(heap.add_object(heap.object_class()), kParked);
  ThreadWait wait = last_wait();
  EXPECT_NE(wait.lock, "");
  EXPECT_EQ(wait.holder, 0);
  EXPECT_FALSE(wait.may_last);
}

// The colour changes while an object stays where it is.
struct ThreadWaitsOfZgc : ThreadWaitsTest {
  ThreadWaitsOfZgc() : ThreadWaitsTest({.z_without_generations = true}) {}
};

TEST_F(ThreadWaitsOfZgc, AreTheSameInAnotherColour) {
  FakeHeap::Thread owner = heap.add_thread(71, "owner");
  Address object = heap.add_object(heap.object_class());
  Address monitor = heap.add_monitor(object, owner.address);
  add_blocked(monitor);
  ThreadWait before = last_wait();
  EXPECT_EQ(before.lock, fmt::format("java.lang.Object@{:#x}", object & FakeHeap::kHighOffsetMask));
  heap.recolour();
  ThreadWait after = last_wait();
  EXPECT_EQ(after, before);
  EXPECT_EQ(after.holder, owner.address);
}

TEST(SourceName, IsAsInSources) {
  EXPECT_EQ(source_name("java/util/Map$Entry"), "java.util.Map$Entry");
  EXPECT_EQ(source_name("[[B"), "byte[][]");
  EXPECT_EQ(source_name("[Ljava/lang/Object;"), "java.lang.Object[]");
  EXPECT_EQ(source_name("["), "[]");
}

}  // namespace
}  // namespace rtprof::jvm
