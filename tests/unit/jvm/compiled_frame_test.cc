#include "jvm/compiled_frame.h"

#include <gtest/gtest.h>

#include <vector>

namespace rtprof::jvm {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr int32_t kInRegister = FrameShape::kInRegister;
constexpr FrameShape kNoFrame{0, kInRegister};
constexpr FrameShape kPushed{8, 0};
constexpr FrameShape kWhole{24, 16};  // of 32 bytes

// At each place of a prologue, of a frame of 32 bytes.
FrameShape at(const Bytes& prologue, uint64_t pc) {
  return frame_shape({.frame_bytes = 32, .pc = pc, .prologue = prologue});
}

TEST(PrologueTest, PushesTheFramePointerFirst) {
  // mov [rsp - 0x14000], eax; push rbp; sub rsp, 16; nop
  const Bytes code{0x89, 0x84, 0x24, 0x00, 0xc0, 0xfe, 0xff, 0x55, 0x48, 0x83, 0xec, 0x10, 0x90};
  EXPECT_EQ(at(code, 0), kNoFrame);
  EXPECT_EQ(at(code, 7), kNoFrame);
  EXPECT_EQ(at(code, 8), kPushed);
  EXPECT_EQ(at(code, 12), kWhole) << "the entry barrier follows";
}

TEST(PrologueTest, KeepsFramePointers) {
  // push rbp; mov rbp, rsp; sub rsp, 16 in its long form; nop
  const Bytes code{0x55, 0x48, 0x8b, 0xec, 0x48, 0x81, 0xec, 0x10, 0x00, 0x00, 0x00, 0x90};
  EXPECT_EQ(at(code, 0), kNoFrame);
  EXPECT_EQ(at(code, 1), kPushed);
  EXPECT_EQ(at(code, 4), kPushed);
  EXPECT_EQ(at(code, 11), kWhole);
}

TEST(PrologueTest, MakesTheFrameFirst) {
  // sub rsp, 24; mov [rsp + 16], rbp; nop
  const Bytes code{0x48, 0x83, 0xec, 0x18, 0x48, 0x89, 0x6c, 0x24, 0x10, 0x90};
  EXPECT_EQ(at(code, 0), kNoFrame);
  EXPECT_EQ(at(code, 4), (FrameShape{24, kInRegister}));
  EXPECT_EQ(at(code, 9), kWhole);
}

TEST(PrologueTest, OfTheSmallestFrame) {
  const Bytes code{0x90, 0x55, 0x90};
  EXPECT_EQ(frame_shape({.frame_bytes = 16, .pc = 1, .prologue = code}), kNoFrame);
  EXPECT_EQ(frame_shape({.frame_bytes = 16, .pc = 2, .prologue = code}), kPushed);
}

TEST(PrologueTest, OfStubsEndsWithTheFrame) {
  const Bytes code{0x55, 0x48, 0x83, 0xec, 0x10, 0x49, 0x89};
  EXPECT_EQ(stub_prologue({.frame_bytes = 32, .pc = 1, .prologue = code}).size(), 5);
  EXPECT_TRUE(stub_prologue({.frame_bytes = 32, .pc = 5, .prologue = code}).empty());
  EXPECT_TRUE(stub_prologue({.frame_bytes = 64, .pc = 1, .prologue = code}).empty()) << "of another frame";
}

FrameShape between(const Bytes& before, const Bytes& after) {
  return frame_shape({.frame_bytes = 32, .pc = 100, .before = before, .after = after});
}

TEST(EpilogueTest, TakesTheFrameAway) {
  EXPECT_EQ(between({}, {0x48, 0x83, 0xc4, 0x10, 0x5d}), kWhole);
  EXPECT_EQ(between({}, {0x5d, 0xc3}), kPushed);
  EXPECT_EQ(between({}, {0xc3}), kNoFrame);
}

TEST(EpilogueTest, PollsBeforeTheReturn) {
  // cmp rsp, [r15 + 0x338]; ja ..
  const Bytes compare{0x49, 0x3b, 0xa7, 0x38, 0x03, 0x00, 0x00};
  const Bytes jump{0x0f, 0x87, 0x00, 0x00, 0x00, 0x00, 0xc3};
  EXPECT_EQ(between({0x5d}, compare), kNoFrame);
  EXPECT_EQ(between(compare, jump), kNoFrame);
  EXPECT_EQ(between({}, jump), kWhole) << "a jump for another reason";
  // test [rip + ..], eax; ret: JDK 8
  EXPECT_EQ(between({}, {0x85, 0x05, 1, 2, 3, 4, 0xc3}), kNoFrame);
  EXPECT_EQ(between({}, {0x85, 0x05, 1, 2, 3, 4, 0x90}), kWhole) << "a poll in a loop";
}

TEST(EpilogueTest, OfWrappersLooksForAnException) {
  // leave; cmp [r15 + 8], 0; jne ..; ret
  const Bytes code{0xc9, 0x49, 0x83, 0x7f, 0x08, 0x00, 0x0f, 0x85, 1, 2, 3, 4, 0xc3};
  auto at_place = [&](size_t pc) {
    std::span bytes(code);
    return frame_shape({.frame_bytes = 32, .before = bytes.first(pc), .after = bytes.subspan(pc)});
  };
  EXPECT_EQ(at_place(0), kWhole);
  for (size_t pc : {1, 6, 12}) EXPECT_EQ(at_place(pc), kNoFrame) << pc;
  // test ecx, ecx; jne
  const Bytes test{0x85, 0xc9};
  const Bytes jump{0x0f, 0x85};
  EXPECT_EQ(frame_shape({.frame_bytes = 32, .before = test, .after = jump}), kWhole);
}

TEST(EpilogueTest, IsFollowedByWhatever) {
  EXPECT_EQ(between({0x48, 0x83, 0xc4, 0x10, 0x5d}, {0xe9, 0, 0, 0, 0}), kNoFrame);
  EXPECT_EQ(between({0x48, 0x83, 0xc4, 0x20, 0x5d}, {0xe9, 0, 0, 0, 0}), kWhole) << "of another frame";
}

TEST(FrameShapeTest, OfCodeWithoutAFrame) {
  EXPECT_EQ(frame_shape({.frame_bytes = 0, .pc = 5}), kNoFrame);
}

TEST(EndsWithCallTest, KnowsCalls) {
  EXPECT_TRUE(ends_with_call(Bytes{0xe8, 1, 2, 3, 4}));
  EXPECT_TRUE(ends_with_call(Bytes{0xff, 0xd0}));              // call rax
  EXPECT_TRUE(ends_with_call(Bytes{0x41, 0xff, 0xd2}));        // call r10
  EXPECT_TRUE(ends_with_call(Bytes{0xff, 0x50, 0x08}));        // call [rax + 8]
  EXPECT_TRUE(ends_with_call(Bytes{0xff, 0x92, 1, 2, 3, 4}));  // call [rdx + ..]
  EXPECT_TRUE(ends_with_call(Bytes{0xff, 0x15, 1, 2, 3, 4}));  // call [rip + ..]
  EXPECT_FALSE(ends_with_call(Bytes{0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90}));
  EXPECT_FALSE(ends_with_call(Bytes{0xe9, 1, 2, 3, 4}));
  EXPECT_FALSE(ends_with_call(Bytes{0xff}));
  EXPECT_FALSE(ends_with_call(Bytes{}));
}

}  // namespace
}  // namespace rtprof::jvm
