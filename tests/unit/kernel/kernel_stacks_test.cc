#include "kernel/kernel_stacks.h"

#include <gtest/gtest.h>

namespace rtprof::kernel {
namespace {

constexpr std::string_view kSymbols =
    "ffffffff81000000 T _text\n"
    "ffffffff81001000 t entry_SYSCALL_64_after_hwframe\n"
    "ffffffff81002000 T anon_pipe_read\n"
    "ffffffff81003000 t ext4_file_read_iter\t[ext4]\n"
    "ffffffff81004000 T _etext\n";

class KernelStacksTest : public testing::Test {
 protected:
  std::vector<std::string> names(uint64_t hash) {
    Profile profile;
    std::vector<FrameId> frames;
    stacks_.name(*stacks_.find(hash), profile, frames);
    std::vector<std::string> names;
    for (FrameId id : frames) {
      const Frame& frame = profile.frame(id);
      EXPECT_EQ(frame.kind, FrameKind::kKernel);
      names.emplace_back(profile.string(frame.function));
      names.emplace_back(profile.string(frame.module));
    }
    return names;
  }

  int reads_ = 0;
  KernelStacks stacks_{[this] {
    ++reads_;
    return KernelSymbols::parse(kSymbols);
  }};
};

TEST_F(KernelStacksTest, NamesRootFirstAndClassifies) {
  EXPECT_EQ(stacks_.find(7), std::nullopt);
  EXPECT_EQ(reads_, 0);
  stacks_.add(7, std::vector<uint64_t>{0xffffffff81002010, 0xffffffff81001010});
  stacks_.add(9, std::vector<uint64_t>{0xffffffff81003010, 0xffffffff81001010});
  stacks_.add(7, std::vector<uint64_t>{0xffffffff81003010});
  EXPECT_EQ(reads_, 1);
  EXPECT_EQ(names(7), (std::vector<std::string>{"entry_SYSCALL_64_after_hwframe", "kernel", "anon_pipe_read",
                                                "kernel"}));
  EXPECT_EQ(stacks_.waits(*stacks_.find(7)), Waits::kForPipe);
  EXPECT_EQ(names(9), (std::vector<std::string>{"entry_SYSCALL_64_after_hwframe", "kernel",
                                                "ext4_file_read_iter", "ext4"}));
  EXPECT_EQ(stacks_.waits(*stacks_.find(9)), Waits::kForDisk);
}

// A call that is the last instruction of its function returns to the next one's first.
TEST_F(KernelStacksTest, CallBelongsToTheFunctionBefore) {
  stacks_.add(1, std::vector<uint64_t>{0xffffffff81003000});
  EXPECT_EQ(names(1), (std::vector<std::string>{"anon_pipe_read", "kernel"}));
}

TEST(KernelStacks, FunctionsOfTheSchedulerAreLeftOut) {
  KernelStacks stacks([] {
    return KernelSymbols::parse(
        "ffffffff81000000 T do_one\n"
        "ffffffff81001000 T __sched_text_start\n"
        "ffffffff81001000 T schedule\n"
        "ffffffff81001800 T io_schedule\n"
        "ffffffff81002000 T __sched_text_end\n"
        "ffffffff81003000 T anon_pipe_read\n"
        "ffffffff81004000 T _etext\n");
  });
  stacks.add(1, std::vector<uint64_t>{0xffffffff81001010, 0xffffffff81001810, 0xffffffff81003010});
  EXPECT_EQ(stacks.waits(*stacks.find(1)), Waits::kForPipe);
  EXPECT_FALSE(stacks.nameless());
  Profile profile;
  std::vector<FrameId> frames;
  stacks.name(*stacks.find(1), profile, frames);
  EXPECT_EQ(frames.size(), 1u);
}

TEST(KernelStacks, HiddenSymbolsLeaveOneFrameWithoutAName) {
  KernelStacks stacks([] { return KernelSymbols(); });
  stacks.add(1, std::vector<uint64_t>{0xffffffff81002010, 0xffffffff81001010});
  EXPECT_EQ(stacks.waits(*stacks.find(1)), std::nullopt);
  Profile profile;
  std::vector<FrameId> frames;
  stacks.name(0, profile, frames);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(profile.frame(frames[0]).function, 0u);
}

}  // namespace
}  // namespace rtprof::kernel
