#include "native/seam.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace rtprof::native {
namespace {

// Machine frames as text, leaf first: "L" is a call of the evaluation loop, "c" is anything else. The result,
// leaf first: machine frames by their index, runtime frames as "p" and index, "!" where the two disagree, "~"
// where frames of the machine are missing.
std::string merged(std::string_view machine, std::vector<size_t> activations,
                   UnwindEnd end = UnwindEnd::kComplete, bool runtime_complete = true) {
  std::vector<uint8_t> is_loop;
  for (char frame : machine) is_loop.push_back(frame == 'L' ? 1 : 0);
  std::vector<SeamFrame> frames;
  merge_at_seams({is_loop, end, activations, runtime_complete}, frames);
  std::string text;
  for (const SeamFrame& frame : frames) {
    if (!text.empty()) text += ' ';
    if (frame.kind == SeamFrame::Kind::kDisagree) {
      text += '!';
    } else if (frame.kind == SeamFrame::Kind::kTruncated) {
      text += '~';
    } else {
      text += (frame.kind == SeamFrame::Kind::kRuntime ? "p" : "") + std::to_string(frame.index);
    }
  }
  return text;
}

TEST(Seam, LoopIsReplacedByWhatItRuns) {
  EXPECT_EQ(merged("ccLcc", {2}), "0 1 p0 p1");
}

TEST(Seam, LeafCanBeTheLoopItself) {
  EXPECT_EQ(merged("Lcc", {3}), "p0 p1 p2");
}

TEST(Seam, CodeBetweenActivationsStays) {
  EXPECT_EQ(merged("cLccLcLcc", {1, 2, 1}), "0 p0 2 3 p1 p2 5 p3");
}

TEST(Seam, AnActivationOfNothingNeedsNoLoop) {
  EXPECT_EQ(merged("ccc", {0}), "0 1 2");
  EXPECT_EQ(merged("cc", {0, 1}), "0 1 ! p0");
}

TEST(Seam, WithoutActivationsThereIsTheMachineOnly) {
  EXPECT_EQ(merged("ccc", {}), "0 1 2");
  EXPECT_EQ(merged("cLc", {}), "0 1 2");
  EXPECT_EQ(merged("", {}), "");
}

TEST(Seam, ActivationMayRunNothingThatIsShown) {
  EXPECT_EQ(merged("cLcLc", {0, 2}), "0 2 p0 p1");
}

TEST(Seam, LoopThatIsJustEnteredRunsNothing) {
  EXPECT_EQ(merged("LccLcc", {2}), "1 2 p0 p1");
  EXPECT_EQ(merged("cLcLcLc", {1, 1}), "0 2 p0 4 p1");
}

TEST(Seam, TruncatedMachineStackIsAlignedAtTheLeaf) {
  EXPECT_EQ(merged("cLccLc", {1, 2, 3}, UnwindEnd::kTruncated), "0 p0 2 3 p1 p2 5 ~ p3 p4 p5");
  EXPECT_EQ(merged("cc", {1, 1}, UnwindEnd::kTruncated), "0 1 ~ p0 p1");
  EXPECT_EQ(merged("cLcLcc", {1, 2}, UnwindEnd::kTruncated), "0 p0 2 p1 p2");
}

TEST(Seam, TruncatedRuntimeStackIsAlignedAtTheLeaf) {
  EXPECT_EQ(merged("cLccLcLc", {1, 2}, UnwindEnd::kComplete, false), "0 p0 2 3 p1 p2");
}

TEST(Seam, DisagreementIsMarkedAndNothingOfTheRuntimeDropped) {
  EXPECT_EQ(merged("cLcLcLcc", {2}), "0 ! p0 p1");
  EXPECT_EQ(merged("cLc", {1, 2}), "0 ! p0 p1 p2");
  EXPECT_EQ(merged("cc", {1}), "0 1 ! p0");
  EXPECT_EQ(merged("cLcL", {1}, UnwindEnd::kTruncated), "0 ! p0");
}

TEST(Seam, BrokenMachineStackIsBelievedWhereTheNumbersAreEqual) {
  EXPECT_EQ(merged("cLc", {1}, UnwindEnd::kNoRule), "0 p0");
  EXPECT_EQ(merged("cLc", {1, 1}, UnwindEnd::kBroken), "0 ! p0 p1");
  EXPECT_EQ(merged("cLcLc", {1}, UnwindEnd::kBroken), "0 ! p0");
}

}  // namespace
}  // namespace rtprof::native
