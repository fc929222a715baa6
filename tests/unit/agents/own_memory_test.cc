#include "agents/own_memory.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>

#include <cstdint>
#include <vector>

namespace rtprof::agents {
namespace {

constexpr size_t kPage = 4096;

// Two pages, of which only the first is there.
class OwnMemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    void* mapped = ::mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(mapped, MAP_FAILED);
    page_ = static_cast<uint8_t*>(mapped);
    ASSERT_EQ(::munmap(page_ + kPage, kPage), 0);
    for (size_t i = 0; i < kPage; ++i) page_[i] = static_cast<uint8_t>(i);
  }
  void TearDown() override { ::munmap(page_, kPage); }

  uintptr_t at(size_t offset) const { return reinterpret_cast<uintptr_t>(page_) + offset; }

  uint8_t* page_ = nullptr;
};

TEST_F(OwnMemoryTest, WhatIsReadableEndsWithItsPage) {
  EXPECT_EQ(OwnMemory::readable(at(0), 2 * kPage), kPage);
  EXPECT_EQ(OwnMemory::readable(at(0), 100), 100u);
  EXPECT_EQ(OwnMemory::readable(at(kPage - 3), 100), 3u);
  EXPECT_EQ(OwnMemory::readable(at(kPage), 100), 0u);
  EXPECT_EQ(OwnMemory::readable(0, 100), 0u);
}

TEST_F(OwnMemoryTest, AskingLeavesTheSignalMaskAsItIs) {
  sigset_t before, after;
  ASSERT_EQ(::sigprocmask(SIG_SETMASK, nullptr, &before), 0);
  for (size_t i = 0; i < kPage; ++i) page_[i] = 0xff;
  OwnMemory::readable(at(0), kPage);
  ASSERT_EQ(::sigprocmask(SIG_SETMASK, nullptr, &after), 0);
  for (int signal = 1; signal < 32; ++signal)
    EXPECT_EQ(::sigismember(&after, signal), ::sigismember(&before, signal));
}

TEST_F(OwnMemoryTest, CopiesWhatIsThere) {
  std::vector<uint8_t> copy(kPage);
  for (bool is_filtered : {false, true}) {
    EXPECT_EQ(OwnMemory(is_filtered).copy(copy.data(), at(10), 100), 100u);
    EXPECT_EQ(copy[0], 10);
    EXPECT_EQ(copy[99], 109);
  }
  EXPECT_EQ(OwnMemory(false).copy(copy.data(), at(kPage), 100), 0u);
}

}  // namespace
}  // namespace rtprof::agents
