#include "kernel/waker_stacks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rtprof::kernel {
namespace {

using testing::ElementsAre;

// Names its only stack.
class Named final : public StackNamer {
 public:
  explicit Named(std::vector<std::string> root_first) : root_first_(std::move(root_first)) {}
  void name(uint64_t, Profile& profile, std::vector<FrameId>& root_first) override {
    for (const std::string& function : root_first_) {
      Frame frame;
      frame.function = profile.intern(function);
      root_first.push_back(profile.intern(frame));
    }
  }

 private:
  std::vector<std::string> root_first_;
};

class WakerStacksTest : public testing::Test {
 protected:
  RawStack stack(std::vector<std::string> root_first) {
    return {recorder_.add_namer(std::make_shared<Named>(std::move(root_first))), 0};
  }
  std::vector<std::string> named(uint32_t id) {
    Profile profile;
    std::vector<FrameId> frames;
    wakers_.name(id, profile, frames);
    std::vector<std::string> names;
    for (FrameId frame : frames) names.emplace_back(profile.string(profile.frame(frame).function));
    return names;
  }

  Recorder recorder_;
  WakerStacks wakers_{recorder_, true};
};

TEST_F(WakerStacksTest, FramesGoFromTheWakeUpToTheWakersRoot) {
  RawStack kernel = stack({"do_syscall_64", "futex_wake", "try_to_wake_up", "bpf_trace_run1", "bpf_prog"});
  uint32_t id = wakers_.intern(kernel, stack({"main", "unlock"}), "worker");
  EXPECT_THAT(named(id),
              ElementsAre("--", "try_to_wake_up", "futex_wake", "do_syscall_64", "unlock", "main", "worker"));
}

TEST_F(WakerStacksTest, InterruptHidesTheThreadThatItBrokeInto) {
  RawStack kernel =
      stack({"do_syscall_64", "copy", "asm_sysvec_apic_timer_interrupt", "hrtimer_wakeup", "try_to_wake_up"});
  uint32_t id = wakers_.intern(kernel, stack({"main"}), "victim");
  EXPECT_THAT(named(id), ElementsAre("--", "try_to_wake_up", "hrtimer_wakeup",
                                     "asm_sysvec_apic_timer_interrupt", "[interrupt]"));
}

TEST_F(WakerStacksTest, WithoutNamesNobodyIsAccused) {
  uint32_t id = wakers_.intern(stack({"", ""}), stack({"main"}), "worker");
  EXPECT_THAT(named(id), ElementsAre("--", "[unknown: kernel symbols hidden]"));
}

TEST_F(WakerStacksTest, InterruptIsToldApartWhereTheKernelIsNotShown) {
  WakerStacks hidden(recorder_, false);
  RawStack kernel = stack({"do_syscall_64", "asm_sysvec_apic_timer_interrupt", "try_to_wake_up"});
  Profile profile;
  std::vector<FrameId> frames;
  hidden.name(hidden.intern(kernel, stack({"main"}), "victim"), profile, frames);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(profile.string(profile.frame(frames[1]).function), "[interrupt]");
}

TEST_F(WakerStacksTest, WithoutStacksItsCommand) {
  EXPECT_THAT(named(wakers_.intern(std::nullopt, std::nullopt, "worker")), ElementsAre("--", "worker"));
}

TEST_F(WakerStacksTest, SameWakerHasTheSameId) {
  RawStack kernel = stack({"a"});
  uint32_t id = wakers_.intern(kernel, std::nullopt, "worker");
  EXPECT_EQ(wakers_.intern(kernel, std::nullopt, "worker"), id);
  EXPECT_NE(wakers_.intern(kernel, std::nullopt, "other"), id);
}

}  // namespace
}  // namespace rtprof::kernel
