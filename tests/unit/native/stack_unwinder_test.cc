#include "native/stack_unwinder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <thread>

#include "tests/unit/fake_memory.h"
#include "tests/unit/native/own_snapshot.h"

namespace rtprof::native {
namespace {

std::vector<uint64_t> pcs(const std::vector<MachineFrame>& frames, size_t from) {
  std::vector<uint64_t> result;
  for (size_t i = from; i < frames.size(); ++i) result.push_back(frames[i].pc);
  return result;
}

class StackUnwinderTest : public ::testing::Test {
 protected:
  UnwindEnd unwind(const StackSnapshot& snapshot, UnwindMethod method = UnwindMethod::kAuto) {
    return StackUnwinder(space_, tables_, method).unwind(snapshot, frames_);
  }
  void expect_equal(const OwnSnapshot& own) {
    ASSERT_FALSE(own.bytes.empty());
    EXPECT_EQ(unwind(own.snapshot()), UnwindEnd::kComplete);
    EXPECT_EQ(pcs(frames_, 1), own.callers);
    EXPECT_TRUE(
        std::none_of(frames_.begin(), frames_.end(), [](const auto& frame) { return frame.is_guess; }));
  }

  Process self_ = Process::open(::getpid());
  BinaryCache binaries_;
  AddressSpace space_{self_, binaries_};
  UnwindTables tables_;
  std::vector<MachineFrame> frames_;
  OwnSnapshot own_;
};

// What no optimisation may take apart or leave out.
#define KEPT [[gnu::noinline, gnu::noclone, gnu::optimize("omit-frame-pointer", "no-optimize-sibling-calls")]]

KEPT uint64_t recurse(int depth, const std::function<void()>& at_end) {
  volatile uint64_t local[5] = {static_cast<uint64_t>(depth)};
  if (depth == 0) {
    at_end();
    return local[0];
  }
  return recurse(depth - 1, at_end) + local[0];
}

TEST_F(StackUnwinderTest, FollowsCallersToTheFirstFunction) {
  take(own_);
  expect_equal(own_);
  EXPECT_FALSE(frames_.front().is_return_address);
  EXPECT_TRUE(std::all_of(frames_.begin() + 1, frames_.end(),
                          [](const MachineFrame& frame) { return frame.is_return_address; }));
}

TEST_F(StackUnwinderTest, FollowsDeepRecursionWithoutFramePointers) {
  recurse(500, [&] { take(own_); });
  expect_equal(own_);
  EXPECT_GT(frames_.size(), 500U);
}

TEST_F(StackUnwinderTest, StopsAtTheMostFrames) {
  recurse(2500, [&] { take(own_); });
  EXPECT_EQ(unwind(own_.snapshot()), UnwindEnd::kTooDeep);
  EXPECT_EQ(frames_.size(), StackUnwinder::kMostFrames);
}

TEST_F(StackUnwinderTest, SaysThatTheStackGoesOnBeyondWhatWasTaken) {
  recurse(100, [&] { take(own_); });
  for (size_t size : {0, 7, 8, 64, 1000, 1001, 4096}) {
    StackSnapshot cut = own_.snapshot();
    ASSERT_LT(size, cut.stack.size());
    cut.stack = cut.stack.first(size);
    EXPECT_EQ(unwind(cut), UnwindEnd::kTruncated) << size;
    auto found = pcs(frames_, 1);
    ASSERT_LE(found.size(), own_.callers.size());
    EXPECT_TRUE(std::equal(found.begin(), found.end(), own_.callers.begin())) << size;
  }
}

class DeepStackUnwinderTest : public StackUnwinderTest {
 protected:
  static constexpr size_t kCopied = 8192;

  // Of the first bytes of what was taken, going on in `memory`.
  UnwindEnd unwind_on(const Memory& memory) {
    DeepStacks deep_stacks(memory, [this] { return self_.mappings(); });
    StackUnwinder unwinder(space_, tables_, UnwindMethod::kAuto);
    unwinder.go_on_in(deep_stacks);
    StackSnapshot cut = own_.snapshot();
    cut.stack = cut.stack.first(kCopied);
    cut.stands = true;
    UnwindEnd end = unwinder.unwind(cut, frames_);
    went_on_ = !deep_stacks.beyond(cut).empty();
    return end;
  }

  bool went_on_ = false;
};

TEST_F(DeepStackUnwinderTest, GoesOnInMemoryWhereTheCopyEnds) {
  UnwindEnd end = UnwindEnd::kBroken;
  recurse(500, [&] {
    take(own_);
    end = unwind_on(self_.memory());
  });
  EXPECT_EQ(end, UnwindEnd::kComplete);
  EXPECT_EQ(pcs(frames_, 1), own_.callers);
}

TEST_F(DeepStackUnwinderTest, WhatMakesNoSenseIsLeftOut) {
  recurse(500, [&] { take(own_); });
  std::vector<uint8_t> bytes = own_.bytes;
  std::fill(bytes.begin() + kCopied, bytes.end(), 0x5a);
  test::FakeMemory memory;
  memory.map(own_.registers.sp() - (64 << 10), 64 << 10);
  memory.put(own_.registers.sp(), bytes);
  EXPECT_EQ(unwind_on(memory), UnwindEnd::kTruncated);
  EXPECT_TRUE(went_on_);
  auto found = pcs(frames_, 1);
  ASSERT_LT(found.size(), own_.callers.size());
  EXPECT_TRUE(std::equal(found.begin(), found.end(), own_.callers.begin()));
  StackSnapshot cut = own_.snapshot();
  cut.stack = cut.stack.first(kCopied);
  std::vector<MachineFrame> with_memory = frames_;
  unwind(cut);
  EXPECT_EQ(frames_, with_memory);
}

TEST_F(StackUnwinderTest, FollowsAThreadToItsStart) {
  std::thread([&] { recurse(3, [&] { take(own_); }); }).join();
  expect_equal(own_);
}

OwnSnapshot* taken_by_callback = nullptr;

int compare_and_take(const void* left, const void* right) {
  if (taken_by_callback->bytes.empty()) take(*taken_by_callback);
  return *static_cast<const int*>(left) - *static_cast<const int*>(right);
}

TEST_F(StackUnwinderTest, PassesThroughTheLibraryThatCallsBack) {
  taken_by_callback = &own_;
  std::array<int, 50> numbers{};
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int>(i * 7919 % 50);
  std::qsort(numbers.data(), numbers.size(), sizeof(int), compare_and_take);
  expect_equal(own_);
}

TEST_F(StackUnwinderTest, PassesThroughCatchAndDestructorsOfAnException) {
  struct Takes {
    OwnSnapshot& own;
    ~Takes() { take(own); }
  };
  OwnSnapshot in_destructor;
  try {
    Takes takes{in_destructor};
    recurse(3, [] { throw std::runtime_error("thrown"); });
  } catch (const std::exception&) {
    take(own_);
  }
  expect_equal(own_);
  expect_equal(in_destructor);
}

// Its stack pointer is aligned, so that the caller's is found through r10 and memory.
KEPT uint64_t realigned(size_t size, OwnSnapshot& own) {
  alignas(256) volatile uint8_t block[256];
  auto* bytes = static_cast<volatile uint8_t*>(__builtin_alloca(size));
  block[0] = static_cast<uint8_t>(size);
  bytes[0] = 1;
  take(own);
  return bytes[0] + block[0];
}

TEST_F(StackUnwinderTest, FindsTheCallerOfAFunctionThatAlignsItsStack) {
  realigned(100, own_);
  expect_equal(own_);
}

void take_in_handler(int) {
  take(*taken_by_callback);
  asm volatile("");  // not a tail call
}

TEST_F(StackUnwinderTest, PassesThroughASignalHandler) {
  taken_by_callback = &own_;
  auto before = std::signal(SIGUSR1, take_in_handler);
  recurse(2, [] { std::raise(SIGUSR1); });
  std::signal(SIGUSR1, before);
  expect_equal(own_);
  // Of the handler, the trampoline and what was interrupted only the first is where a call returns to.
  auto trampoline = std::find_if(frames_.begin() + 1, frames_.end(),
                                 [](const MachineFrame& frame) { return !frame.is_return_address; });
  ASSERT_LT(trampoline - frames_.begin(), static_cast<ptrdiff_t>(frames_.size()) - 1);
  EXPECT_FALSE((trampoline + 1)->is_return_address);
  EXPECT_EQ(std::count_if(frames_.begin(), frames_.end(), [](const auto& f) { return !f.is_return_address; }),
            3);
}

TEST_F(StackUnwinderTest, StopsWhereASignalHandlersStackEnds) {
  taken_by_callback = &own_;
  std::vector<uint8_t> memory(256 << 10);
  stack_t alternate{};
  alternate.ss_sp = memory.data();
  alternate.ss_size = memory.size();
  stack_t before{};
  ASSERT_EQ(::sigaltstack(&alternate, &before), 0);
  struct sigaction action {};
  struct sigaction old {};
  action.sa_handler = take_in_handler;
  action.sa_flags = SA_ONSTACK;
  ::sigaction(SIGUSR1, &action, &old);
  recurse(2, [] { std::raise(SIGUSR1); });
  ::sigaction(SIGUSR1, &old, nullptr);
  ::sigaltstack(&before, nullptr);
  // The heap may reach to the taker's stack and beyond: only the alternate stack was taken.
  own_.bytes.resize(std::min<size_t>(
      own_.bytes.size(), reinterpret_cast<uint64_t>(memory.data() + memory.size()) - own_.registers.sp()));
  EXPECT_EQ(unwind(own_.snapshot()), UnwindEnd::kTruncated);
  auto found = pcs(frames_, 1);
  ASSERT_GE(found.size(), 3U);  // the handler, the trampoline, what was interrupted
  ASSERT_LT(found.size(), own_.callers.size());
  EXPECT_TRUE(std::equal(found.begin(), found.end(), own_.callers.begin()));
}

ucontext_t scheduler;
ucontext_t coroutine;

void run_coroutine() {
  take(*taken_by_callback);
  asm volatile("");  // not a tail call
}

TEST_F(StackUnwinderTest, CompletesACoroutinesStack) {
  taken_by_callback = &own_;
  std::vector<uint8_t> memory(256 << 10);
  ::getcontext(&coroutine);
  coroutine.uc_stack.ss_sp = memory.data();
  coroutine.uc_stack.ss_size = memory.size();
  coroutine.uc_link = &scheduler;
  ::makecontext(&coroutine, run_coroutine, 0);
  ::swapcontext(&scheduler, &coroutine);
  expect_equal(own_);
}

TEST_F(StackUnwinderTest, StopsAtAReturnAddressThatIsNoCode) {
  recurse(5, [&] { take(own_); });
  auto& bytes = own_.bytes;
  // Earlier calls can have left the same address in parts of the stack that nothing has written to since.
  for (size_t offset = 0; offset + 8 <= bytes.size(); offset += 8) {
    if (std::memcmp(&bytes[offset], &own_.callers[2], 8) == 0) std::memset(&bytes[offset], 0x11, 8);
  }
  EXPECT_EQ(unwind(own_.snapshot()), UnwindEnd::kBroken);
  auto end = std::find(own_.callers.begin(), own_.callers.end(), own_.callers[2]);
  EXPECT_EQ(pcs(frames_, 1), std::vector<uint64_t>(own_.callers.begin(), end));
}

// As after a call through a null pointer: the return address was pushed, and nothing else.
TEST_F(StackUnwinderTest, FindsWhoCalledWhatIsNotCode) {
  take(own_);
  std::vector<uint8_t> bytes(8);
  std::memcpy(bytes.data(), &own_.registers.values[Registers::kRip], 8);
  bytes.insert(bytes.end(), own_.bytes.begin(), own_.bytes.end());
  StackSnapshot called = own_.snapshot();
  called.registers.values[Registers::kRip] = 0;
  called.registers.values[Registers::kRsp] -= 8;
  called.stack_address -= 8;
  called.stack = bytes;
  EXPECT_EQ(unwind(called), UnwindEnd::kComplete);
  EXPECT_EQ(frames_[0], (MachineFrame{0, false, false}));
  EXPECT_EQ(frames_[1], (MachineFrame{own_.registers.pc(), true, true}));
  EXPECT_EQ(pcs(frames_, 2), own_.callers);
}

[[gnu::noinline, gnu::noclone, gnu::optimize("no-omit-frame-pointer", "no-optimize-sibling-calls")]] uint64_t
recurse_with_frame_pointers(int depth, OwnSnapshot& own) {
  volatile uint64_t local[3] = {static_cast<uint64_t>(depth)};
  if (depth > 0) return recurse_with_frame_pointers(depth - 1, own) + local[0];
  ucontext_t context;
  ::getcontext(&context);
  own.registers = registers_of(context);
  own.bytes = stack_from(own.registers.sp(), 1 << 20);
  return local[0];
}

TEST_F(StackUnwinderTest, FollowsFramePointers) {
  recurse_with_frame_pointers(20, own_);
  EXPECT_NE(unwind(own_.snapshot(), UnwindMethod::kFramePointer), UnwindEnd::kTruncated);
  auto by_frame_pointer = pcs(frames_, 0);
  EXPECT_EQ(unwind(own_.snapshot(), UnwindMethod::kDwarf), UnwindEnd::kComplete);
  auto by_cfi = pcs(frames_, 0);
  ASSERT_GT(by_frame_pointer.size(), 21U);
  EXPECT_TRUE(std::equal(by_cfi.begin(), by_cfi.begin() + 22, by_frame_pointer.begin()));
}

// Code that was made at run time: push %rbp; mov %rsp,%rbp; call *%rdi; pop %rbp; ret.
TEST_F(StackUnwinderTest, GuessesCallersOfGeneratedCodeByItsFramePointer) {
  constexpr uint8_t kCode[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
  void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  std::memcpy(page, kCode, sizeof kCode);
  taken_by_callback = &own_;
  reinterpret_cast<void (*)(void (*)())>(page)(run_coroutine);
  unwind(own_.snapshot());
  ASSERT_GT(frames_.size(), 3U);
  EXPECT_EQ(frames_[2], (MachineFrame{reinterpret_cast<uint64_t>(page) + 6, true, false}));
  EXPECT_TRUE(frames_[3].is_guess);
  EXPECT_EQ(unwind(own_.snapshot(), UnwindMethod::kDwarf), UnwindEnd::kNoRule);
  EXPECT_EQ(frames_.size(), 3U);
  ::munmap(page, 4096);
}

}  // namespace
}  // namespace rtprof::native
