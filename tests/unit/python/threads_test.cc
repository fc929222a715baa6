#include "python/threads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/python/fake_python.h"

namespace rtprof {
namespace {

using test::Build;
using test::FakeMemory;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Address kRuntime = 0x500000;
constexpr Address kGil = 0x400000;

class ThreadStatesTest : public testing::TestWithParam<Build> {
 protected:
  ThreadStatesTest() : layout_(test::layout_of_minor(GetParam().minor, GetParam().free_threaded)) {
    layout_.walk.runtime = kRuntime;
    memory_.map(kRuntime, 4096);
    memory_.map(kGil, 64);
    if (layout_.walk.interp_gil == kNoOffset && !layout_.free_threaded) layout_.walk.gil = kGil;
  }

  static Address interpreter(size_t i) { return 0x600000 + i * 0x20000; }
  static Address state(size_t interpreter_index, size_t i) {
    return interpreter(interpreter_index) + 0x10000 + i * 0x400;
  }

  // Interpreters with the given numbers of threads.
  void put(const std::vector<size_t>& thread_counts) {
    const rt_py_walk& walk = layout_.walk;
    memory_.set(kRuntime + walk.runtime_interpreters_head, thread_counts.empty() ? 0 : interpreter(0));
    for (size_t i = 0; i < thread_counts.size(); ++i) {
      memory_.map(interpreter(i), 0x10000);
      bool last = i + 1 == thread_counts.size();
      memory_.set<uint64_t>(interpreter(i) + walk.interp_next, last ? 0 : interpreter(i + 1));
      memory_.set<int64_t>(interpreter(i) + layout_.interp_id, static_cast<int64_t>(i));
      if (walk.interp_gil != kNoOffset) memory_.set<uint64_t>(interpreter(i) + walk.interp_gil, kGil);
      put_threads(i, thread_counts[i]);
    }
  }

  void put_threads(size_t i, size_t count) {
    const rt_py_walk& walk = layout_.walk;
    memory_.set<uint64_t>(interpreter(i) + walk.interp_threads_head, count == 0 ? 0 : state(i, 0));
    for (size_t t = 0; t < count; ++t) {
      memory_.map(state(i, t), 0x400);
      memory_.set<uint64_t>(state(i, t) + walk.thread_next, t + 1 == count ? 0 : state(i, t + 1));
      memory_.set<uint64_t>(state(i, t) + walk.thread_interp, interpreter(i));
      memory_.set<uint64_t>(state(i, t) + walk.thread_id, 0x7000 + t);
      if (layout_.thread.native_thread_id != kNoOffset)
        memory_.set<uint64_t>(state(i, t) + layout_.thread.native_thread_id, 100 + t);
    }
  }

  FakeMemory memory_;
  PythonLayout layout_;
};

TEST_P(ThreadStatesTest, FindsEveryThreadOfEveryInterpreter) {
  put({2, 1});
  PythonThreads found = read_thread_states(memory_, layout_);
  EXPECT_TRUE(found.complete);
  ASSERT_EQ(found.interpreters.size(), 2u);
  EXPECT_EQ(found.interpreters[1].id, 1);
  ASSERT_EQ(found.threads.size(), 3u);
  EXPECT_EQ(found.threads[1].state, state(0, 1));
  EXPECT_EQ(found.threads[1].interpreter, interpreter(0));
  EXPECT_EQ(found.threads[1].thread_id, 0x7001u);
  EXPECT_EQ(found.threads[1].native_id, layout_.thread.native_thread_id == kNoOffset ? 0u : 101u);
  EXPECT_EQ(found.threads[2].interpreter, interpreter(1));
}

TEST_P(ThreadStatesTest, ARuntimeWithoutInterpretersIsIncomplete) {
  put({});
  EXPECT_FALSE(read_thread_states(memory_, layout_).complete);
  memory_.unmap(kRuntime);
  EXPECT_FALSE(read_thread_states(memory_, layout_).complete);
}

TEST_P(ThreadStatesTest, ACycleOfThreadsEnds) {
  put({3, 1});
  memory_.set<uint64_t>(state(0, 2) + layout_.walk.thread_next, state(0, 1));
  PythonThreads found = read_thread_states(memory_, layout_);
  EXPECT_FALSE(found.complete);
  EXPECT_EQ(found.threads.size(), 4u);
}

TEST_P(ThreadStatesTest, ACycleOfInterpretersEnds) {
  put({1, 1});
  memory_.set<uint64_t>(interpreter(1) + layout_.walk.interp_next, interpreter(0));
  PythonThreads found = read_thread_states(memory_, layout_);
  EXPECT_FALSE(found.complete);
  EXPECT_EQ(found.interpreters.size(), 2u);
}

TEST_P(ThreadStatesTest, AStateThatBelongsElsewhereEndsItsList) {
  put({3});
  memory_.set<uint64_t>(state(0, 1) + layout_.walk.thread_interp, 0xdead);
  PythonThreads found = read_thread_states(memory_, layout_);
  EXPECT_FALSE(found.complete);
  EXPECT_EQ(found.threads.size(), 1u);
}

TEST_P(ThreadStatesTest, AnUnreadableStateEndsItsListOnly) {
  put({2, 2});
  memory_.unmap(state(0, 1));
  PythonThreads found = read_thread_states(memory_, layout_);
  EXPECT_FALSE(found.complete);
  EXPECT_EQ(found.threads.size(), 3u);
}

TEST_P(ThreadStatesTest, TellsWhoHoldsTheGil) {
  put({2, 1});
  auto holders = [&] {
    return gil_holders(memory_, layout_.walk, read_thread_states(memory_, layout_).interpreters);
  };
  if (layout_.free_threaded) {
    EXPECT_THAT(holders(), IsEmpty());
    return;
  }
  memory_.set<uint64_t>(kGil + layout_.walk.gil_last_holder, state(0, 1));
  EXPECT_THAT(holders(), IsEmpty());
  memory_.set<int32_t>(kGil + layout_.walk.gil_locked, 1);
  EXPECT_THAT(holders(), ElementsAre(state(0, 1)));
}

INSTANTIATE_TEST_SUITE_P(Builds, ThreadStatesTest, testing::ValuesIn(test::kBuilds), test::build_name);

class TidOffsetTest : public testing::Test {
 protected:
  static Address pthread(size_t i) { return 0x7f0000000000 + i * 0x10000; }
  void put(size_t count, uint64_t offset, size_t bytes = 0x1000) {
    for (size_t i = 0; i < count; ++i) {
      pthreads_.push_back(pthread(i));
      memory_.map(pthread(i), bytes);
      memory_.set<uint32_t>(pthread(i) + offset, static_cast<uint32_t>(20 + i));
      ids_[static_cast<pid_t>(20 + i)] = static_cast<pid_t>(9000 + i);
    }
  }
  int find() const { return find_tid_offset(memory_, pthreads_, ids_); }

  FakeMemory memory_;
  std::vector<uint64_t> pthreads_;
  std::unordered_map<pid_t, pid_t> ids_;
};

TEST_F(TidOffsetTest, OfGlibcAndMusl) {
  put(1, 0x2d0);
  // Once there was the process's id beside it.
  memory_.set<uint32_t>(pthread(0) + 0x2d4, 20);
  EXPECT_EQ(find(), 0x2d0);
}

TEST_F(TidOffsetTest, OfMuslWhoseStructureIsSmall) {
  put(2, 0x30, 0x100);
  EXPECT_EQ(find(), 0x30);
}

TEST_F(TidOffsetTest, OfAnUnknownLibrary) {
  put(3, 0x144);
  // The process's id stands at the same place in all threads: it is not the thread's.
  for (size_t i = 0; i < 3; ++i) memory_.set<uint32_t>(pthread(i) + 0x40, 20);
  EXPECT_EQ(find(), 0x144);
}

TEST_F(TidOffsetTest, AThreadThatHasEndedDoesNotMislead) {
  put(3, 0x2d0);
  memory_.set<uint32_t>(pthread(1) + 0x2d0, 0);
  EXPECT_EQ(find(), 0x2d0);
}

TEST_F(TidOffsetTest, NothingFoundIsSaid) {
  put(3, 0x2d0);
  ids_ = {{1, 1}};
  EXPECT_LT(find(), 0);
  pthreads_ = {0xdead0000};
  EXPECT_LT(find(), 0);
}

}  // namespace
}  // namespace rtprof
