#include "native/stack_reader.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <thread>

namespace rtprof::native {
namespace {

Registers with_sp(const void* sp) {
  Registers registers;
  registers.values[Registers::kRsp] = reinterpret_cast<Address>(sp);
  return registers;
}

class StackReaderTest : public testing::Test {
 protected:
  const Process self_ = Process::open(::getpid());
  StackReader reader_{self_};
};

TEST_F(StackReaderTest, ReadsUpToTheThreadPointer) {
  std::thread([this] {
    uint64_t mark = 0x1234567890;
    Address thread_pointer = ::pthread_self();
    auto snapshot = reader_.read(with_sp(&mark), thread_pointer);
    ASSERT_TRUE(snapshot);
    EXPECT_EQ(snapshot->stack_address + snapshot->stack.size(), thread_pointer);
    EXPECT_EQ(snapshot->known, StackSnapshot::kAllKnown);
    uint64_t read = 0;
    std::memcpy(&read, snapshot->stack.data(), sizeof read);
    EXPECT_EQ(read, mark);
  }).join();
}

TEST_F(StackReaderTest, AStackThatCameSinceIsFoundAfterARefresh) {
  std::thread([this] {
    uint64_t mark = 0;
    // Where another thread's stack has been before, its mapping is known already.
    if (!reader_.read(with_sp(&mark))) reader_.refresh();
    EXPECT_TRUE(reader_.read(with_sp(&mark)));
  }).join();
}

TEST_F(StackReaderTest, TakesNoMoreThanIsWanted) {
  uint64_t mark = 0;
  auto snapshot = StackReader(self_, 16).read(with_sp(&mark));
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->stack.size(), 16u);
}

TEST_F(StackReaderTest, AMappingThatHasShrunkIsReadUpToItsEnd) {
  constexpr size_t kPage = 4096;
  auto* pages = static_cast<uint8_t*>(
      ::mmap(nullptr, 3 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(pages, MAP_FAILED);
  StackReader reader(self_);
  ASSERT_EQ(::mprotect(pages + 2 * kPage, kPage, PROT_NONE), 0);
  auto snapshot = reader.read(with_sp(pages + 64));
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->stack.size(), 2 * kPage - 64);
  ::munmap(pages, 3 * kPage);
}

TEST_F(StackReaderTest, WhatIsNoStackIsRefused) {
  EXPECT_FALSE(reader_.read(with_sp(nullptr)));
}

TEST_F(StackReaderTest, APlaceKnowsTwoRegisters) {
  uint64_t mark = 0;
  auto snapshot = reader_.read(ThreadPlace{reinterpret_cast<Address>(&mark), 0x401000});
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->registers.pc(), 0x401000u);
  EXPECT_EQ(snapshot->known, 1u << Registers::kRsp | 1u << Registers::kRip);
}

}  // namespace
}  // namespace rtprof::native
