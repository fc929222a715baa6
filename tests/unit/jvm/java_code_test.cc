#include "jvm/java_code.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "report/frame_text.h"
#include "tests/unit/jvm/fake_jvm.h"

namespace rtprof::jvm {
namespace {

using native::StepResult;
using Blob = test::FakeJvm::Blob;

constexpr Address kInner = 0x7000;  // Methods
constexpr Address kOuter = 0x7100;
constexpr Address kStack = 0x7f0000;

// A stack that native code has begun: call stub, outer, inner.
class JavaCodeTest : public testing::Test {
 protected:
  JavaCodeTest() {
    jvm_.memory.map(kInner, 0x200);
    inner_bytecode_ = jvm_.add_method(kInner, "a/Inner", "work", 20);
    outer_bytecode_ = jvm_.add_method(kOuter, "Outer", "main", 30);
    inner_ = jvm_.add(0, {.method = kInner, .compile_id = 1});
    outer_ = jvm_.add(4, {.method = kOuter, .compile_id = 2});
    interpreter_ = jvm_.add(8, {.name = "Interpreter", .frame_words = 0});
    call_stub_ = jvm_.add(12, {.name = "StubRoutines (1)", .frame_words = 0});
    jvm_.put_call(outer_ + 60);
    jvm_.set_call_stub_return(call_stub_ + 60);
    words_.assign(128, 0);
  }

  Address at(size_t word) const { return kStack + word * 8; }
  // The call stub's frame, with its frame pointer at a word.
  void put_call_stub(size_t fp) {
    words_[fp] = 0;
    words_[fp + 1] = 0x5555;      // native code
    words_[fp - 6] = at(fp + 2);  // JavaCallWrapper
    words_[fp + 6] = 0;           // its anchor: no Java frames before
  }
  void put_interpreted(size_t fp, size_t caller_fp, Address caller_pc, Address sender_sp, Address method,
                       Address bcp) {
    words_[fp] = at(caller_fp);
    words_[fp + 1] = caller_pc;
    words_[fp - 1] = sender_sp;
    words_[fp - 3] = method;
    words_[fp - 8] = bcp;
  }

  // Names, leaf first; what the walk ended with is the last.
  std::vector<std::string> walk(Address pc, Address sp, Address fp, const FrameDetail& detail = {}) {
    JavaCode code(jvm_.memory, jvm_.layout, detail);
    code.begin_batch();
    StackSnapshot snapshot;
    snapshot.stack_address = kStack;
    snapshot.stack = std::span(reinterpret_cast<const uint8_t*>(words_.data()), words_.size() * 8);
    snapshot.registers.values[Registers::kRip] = pc;
    snapshot.registers.values[Registers::kRsp] = sp;
    snapshot.registers.values[Registers::kRbp] = fp;
    native::Cursor cursor{snapshot.registers};
    std::vector<native::MachineFrame> frames;
    StepResult result = StepResult::kStepped;
    while (result == StepResult::kStepped) result = code.step(cursor, native::StackMemory(snapshot), frames);
    Profile profile;
    std::vector<std::string> names;
    for (const native::MachineFrame& frame : frames) {
      std::vector<FrameId> named;
      code.name(frame.made, profile, named);
      for (FrameId id : named) names.push_back(frame_text(profile, profile.frame(id), {}));
    }
    names.emplace_back(result == StepResult::kComplete ? "complete" : code.problem());
    return names;
  }

  using Names = std::vector<std::string>;

  test::FakeJvm jvm_;
  Address inner_bytecode_ = 0;
  Address outer_bytecode_ = 0;
  Address inner_ = 0;
  Address outer_ = 0;
  Address interpreter_ = 0;
  Address call_stub_ = 0;
  std::vector<uint64_t> words_;
};

TEST_F(JavaCodeTest, StepsThroughCompiledFrames) {
  words_[3] = outer_ + 60;
  words_[6] = at(40);
  words_[7] = call_stub_ + 60;
  put_call_stub(40);
  EXPECT_EQ(walk(inner_ + 40, at(0), 0),
            (Names{"a/Inner.work", "Outer.main", "StubRoutines (1)", "complete"}));
}

TEST_F(JavaCodeTest, DoesNotTakeWhatIsNoCallForACaller) {
  words_[3] = outer_ + 61;
  EXPECT_EQ(walk(inner_ + 40, at(0), 0), (Names{"[unknown: caller of Java frame]"}));
}

TEST_F(JavaCodeTest, DoesNotTakeWhatCallsAnotherMethodForACaller) {
  Address other = jvm_.add(20, {.method = 0x7200, .compile_id = 3});
  // Of a frame that is so large that who called it is not met in its place.
  Address caller = jvm_.add(24, {.frame_words = 40, .method = kOuter, .compile_id = 4});
  jvm_.put_call(caller + 60, other);
  words_[3] = caller + 60;
  words_[42] = at(60);
  words_[43] = call_stub_ + 60;
  put_call_stub(60);
  EXPECT_EQ(walk(inner_ + 40, at(0), 0), (Names{"[unknown: caller of Java frame]"}));
  // An inline cache may have been directed to the other since.
  jvm_.memory.put(caller + 45, std::vector<uint8_t>{0x48, 0xb8});
  EXPECT_EQ(walk(inner_ + 40, at(0), 0),
            (Names{"a/Inner.work", "Outer.main", "StubRoutines (1)", "complete"}));
}

TEST_F(JavaCodeTest, TellsThatTheStackIsCut) {
  EXPECT_EQ(walk(inner_ + 40, at(126), 0), (Names{""})) << "truncated, which the loop has a mark for";
}

TEST_F(JavaCodeTest, StepsThroughInterpretedFrames) {
  put_interpreted(20, 40, call_stub_ + 60, at(24), kInner, inner_bytecode_ + 3);
  put_call_stub(40);
  EXPECT_EQ(walk(interpreter_ + 40, at(10), at(20)), (Names{"a/Inner.work", "StubRoutines (1)", "complete"}));
}

TEST_F(JavaCodeTest, MarksHowMethodsWereRun) {
  Address wrapper = jvm_.add(16, {.name = "native nmethod", .method = kInner, .compile_id = 3, .level = 0});
  jvm_.add(0, {.method = kInner, .compile_id = 4, .level = 3});
  jvm_.put_call(inner_ + 60);
  words_[3] = inner_ + 60;
  words_[7] = outer_ + 60;
  words_[10] = at(20);
  words_[11] = interpreter_ + 60;
  put_interpreted(20, 40, call_stub_ + 60, at(24), kInner, inner_bytecode_ + 3);
  put_call_stub(40);
  EXPECT_EQ(walk(wrapper + 40, at(0), 0, {.marks = true}),
            (Names{"a/Inner.work", "a/Inner.work_[1]", "Outer.main_[j]", "a/Inner.work_[0]",
                   "StubRoutines (1)", "complete"}));
}

TEST_F(JavaCodeTest, ChecksTheBytecodePointerOfAnInterpretedFrame) {
  put_interpreted(20, 30, interpreter_ + 60, at(24), kInner, inner_bytecode_ + 3);
  put_interpreted(30, 40, call_stub_ + 60, at(34), kOuter, inner_bytecode_ + 3);
  put_call_stub(40);
  EXPECT_EQ(walk(interpreter_ + 40, at(10), at(20)), (Names{"a/Inner.work", "[unknown: interpreted frame]"}));
  put_interpreted(30, 40, call_stub_ + 60, at(34), kOuter, outer_bytecode_ + 3);
  EXPECT_EQ(walk(interpreter_ + 40, at(10), at(20)),
            (Names{"a/Inner.work", "Outer.main", "StubRoutines (1)", "complete"}));
}

// The frame pointer is that of the interpreted caller of compiled code, which has not used it.
TEST_F(JavaCodeTest, FindsTheCompiledCallerOfAMethodThatHasNoFrameYet) {
  words_[10] = outer_ + 60;
  words_[13] = at(20);
  words_[14] = interpreter_ + 60;
  put_interpreted(20, 40, call_stub_ + 60, at(24), kInner, inner_bytecode_ + 3);
  put_call_stub(40);
  EXPECT_EQ(walk(interpreter_ + 40, at(10), at(20)),
            (Names{"Interpreter", "Outer.main", "a/Inner.work", "StubRoutines (1)", "complete"}));
}

// The same for a stub that has pushed something, and has no frame of its own.
TEST_F(JavaCodeTest, FindsTheNearestCallerOfAStub) {
  Address stub = jvm_.add(16, {.name = "StubRoutines (2)", .frame_words = 0});
  // Left by others: there is no frame above it.
  words_[11] = outer_ + 60;
  words_[12] = outer_ + 60;
  words_[13] = outer_ + 60;
  words_[16] = at(30);
  words_[17] = interpreter_ + 60;
  put_interpreted(30, 40, call_stub_ + 60, at(34), kInner, inner_bytecode_ + 3);
  put_call_stub(40);
  EXPECT_EQ(walk(stub + 40, at(10), at(30)),
            (Names{"StubRoutines (2)", "Outer.main", "a/Inner.work", "StubRoutines (1)", "complete"}));
}

TEST_F(JavaCodeTest, DoesNotTakeAFramePointerForThatOfCompiledCode) {
  put_interpreted(20, 40, call_stub_ + 60, at(24), kInner, inner_bytecode_ + 3);
  put_call_stub(40);
  EXPECT_EQ(walk(inner_ + 40, at(0), at(20)), (Names{"[unknown: caller of Java frame]"}));
}

TEST_F(JavaCodeTest, KnowsInterpretedFramesOfNativeMethods) {
  jvm_.add_method(kInner, "a/Inner", "nativeWork", 0);
  put_interpreted(20, 40, call_stub_ + 60, at(24), kInner, 0);
  put_call_stub(40);
  EXPECT_EQ(walk(interpreter_ + 40, at(10), at(20)).front(), "a/Inner.nativeWork");
}

TEST_F(JavaCodeTest, DoesNotNameCodeThatIsGone) {
  jvm_.free(0, 4);
  EXPECT_EQ(walk(inner_ + 40, at(0), 0), (Names{"[unknown: Java code that is gone]"}));
}

TEST_F(JavaCodeTest, DoesNotNameAMethodThatIsGone) {
  jvm_.memory.set(kInner + 8, Address{0});
  words_[3] = outer_ + 60;
  EXPECT_EQ(walk(inner_ + 40, at(0), 0), (Names{"[unknown: Java method that is gone]"}));
}

TEST_F(JavaCodeTest, TellsOfFramesInTheHeap) {
  Address stubs = jvm_.add(16, {.name = "StubRoutines (continuation stubs)", .frame_words = 0});
  words_[3] = stubs + 60;
  EXPECT_EQ(walk(inner_ + 40, at(0), 0),
            (Names{"a/Inner.work", "[unknown: virtual thread's frames in the heap]"}));
}

TEST(ThreadKindTest, IsToldByTheName) {
  test::FakeJvm jvm;
  JavaCode code(jvm.memory, jvm.layout, {});
  EXPECT_EQ(code.thread_kind("C2 CompilerThre"), "[JIT compiler]");
  EXPECT_EQ(code.thread_kind("G1 Conc#0"), "[GC]");
  EXPECT_EQ(code.thread_kind("Gang worker#0 ("), "[GC]");
  for (const char* of_program : {"main", "Sweeper-1", "VM Thread pool", "G1 Refinery", "ZStatistics"})
    EXPECT_EQ(code.thread_kind(of_program), "") << of_program;
}

}  // namespace
}  // namespace rtprof::jvm
