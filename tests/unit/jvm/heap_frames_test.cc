#include "jvm/heap_frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "jvm/java_code.h"
#include "report/frame_text.h"
#include "tests/unit/jvm/chunk_bytes.h"
#include "tests/unit/jvm/fake_carrier.h"

namespace rtprof::jvm {
namespace {

using native::StepResult;
using test::ChunkBytes;
using test::FakeCarrier;
using testing::Contains;
using testing::SizeIs;
using Blob = test::FakeJvm::Blob;
using Names = std::vector<std::string>;
using Words = std::vector<uint64_t>;

constexpr Address kMethods = 0x7000;
constexpr Address kFirst = 0x730000000;  // where chunks are that are in no memory
constexpr Address kSecond = 0x720000000;
constexpr size_t kEntryWord = 24;  // of the stack
constexpr Address kStack = FakeCarrier::kEntry - kEntryWord * 8;
constexpr size_t kCarrierWord = kEntryWord + FakeCarrier::kEntryBytes / 8;
constexpr const char* kInHeap = "[unknown: virtual thread's frames in the heap]";
constexpr const char* kBroughtBack = "[unknown: virtual thread being brought back]";
constexpr const char* kEntered = "jdk/internal/vm/Continuation.enterSpecial";
// No walk of these has as many frames.
constexpr size_t kMostFrames = 100;

// A virtual thread whose leaf is on the stack and returns to the barrier; its other frames are in the heap.
// Compiled frames have 4 words: two of their own, the caller's frame pointer, the return address.
class HeapFramesTest : public testing::Test {
 protected:
  HeapFramesTest() {
    jvm_.memory.map(kMethods, 0x1000);
    leaf_ = add_compiled(0, "Leaf.on");
    middle_ = add_compiled(4, "Middle.in");
    root_ = add_compiled(8, "Root.run");
    carrier_ = add_compiled(12, "Carrier.work");
    interpreter_ = jvm_.add(16, {.name = "Interpreter", .frame_words = 0}) + 60;
    call_stub_ = jvm_.add(20, {.name = "StubRoutines (1)", .frame_words = 0}) + 60;
    barrier_ = jvm_.add(24, {.name = "StubRoutines (continuation stubs)", .frame_words = 0}) + 60;
    jvm_.set_call_stub_return(call_stub_);
    interpreted_ = next_method_;
    bytecode_ = jvm_.add_method(interpreted_, "Slow", "step", 20);

    pc_ = leaf_;
    words_.assign(80, 0);
    words_[3] = barrier_;
    words_[kEntryWord + 1] = fake_.continuation;
    words_[kCarrierWord] = at(46);
    words_[kCarrierWord + 1] = carrier_;
    words_[kCarrierWord + 4] = at(56);
    words_[kCarrierWord + 5] = call_stub_;
    words_[57] = 0x5555;          // native code
    words_[56 - 6] = at(56 + 2);  // JavaCallWrapper
    fake_.set_tail(fake_.add_chunk({0, 0, 0}));
    continuations_ = fake_.shared_continuations();
    continuations_->prepare();
    EXPECT_NE(continuations_->settings(), nullptr);
  }

  // Returns what follows a call in it.
  Address add_compiled(size_t segment, const std::string& name) {
    size_t dot = name.find('.');
    jvm_.add_method(next_method_, name.substr(0, dot), name.substr(dot + 1), 20);
    Address code = jvm_.add(segment, {.method = next_method_, .compile_id = static_cast<int32_t>(segment)});
    next_method_ += 0x100;
    jvm_.put_call(code + 60);
    return code + 60;
  }

  Address at(size_t word) const { return kStack + word * 8; }
  // Middle, called by Root, which is the last frame.
  Words two_compiled() const { return {0, middle_, 11, 12, 0, root_, 21, 22, 0, barrier_}; }
  // An interpreted frame with its frame pointer at word 14, called by Root.
  Words one_interpreted() const {
    Words words(22, 0);
    words[0] = 14;  // relative, as all that leads to interpreted frames
    words[1] = interpreter_;
    put_interpreted(words, 14, {.sender_sp = 4, .locals = 5, .return_to = root_});
    words[21] = barrier_;
    return words;
  }
  // What a walk of two_compiled() finds.
  static Names two_and_carrier() {
    return {"Leaf.on", "Middle.in", "Root.run", kEntered, "Carrier.work", "StubRoutines (1)", "complete"};
  }
  struct Interpreted {
    uint64_t sender_sp = 2;  // words from the frame pointer, as locals
    uint64_t locals = 2;
    uint64_t link = 0;
    Address return_to = 0;
  };
  void put_interpreted(Words& words, size_t fp, const Interpreted& frame) const {
    words[fp - 8] = bytecode_ + 3;
    words[fp - 7] = frame.locals;
    words[fp - 3] = interpreted_;
    words[fp - 1] = frame.sender_sp;
    words[fp] = frame.link;
    words[fp + 1] = frame.return_to;
  }

  Names walk(const std::vector<uint8_t>& attached) { return walk(StackSnapshot{.attached = attached}); }
  Names walk(const ChunkBytes& record) { return walk(record.bytes()); }
  // Names, leaf first; what the walk ended with is the last.
  Names walk(StackSnapshot snapshot) {
    JavaCode code(jvm_.memory, jvm_.layout, {}, continuations_);
    code.begin_batch();
    snapshot.stack_address = kStack;
    snapshot.stack = std::span(reinterpret_cast<const uint8_t*>(words_.data()), words_.size() * 8);
    snapshot.registers.values[Registers::kRip] = pc_;
    snapshot.registers.values[Registers::kRsp] = kStack;
    snapshot.registers.values[Registers::kRbp] = fp_;
    native::Cursor cursor{snapshot.registers};
    std::vector<native::MachineFrame> frames;
    if (after_native_) {
      frames.push_back({.pc = 0x5555});
      cursor.is_return_address = true;
    }
    StepResult result = StepResult::kStepped;
    while (result == StepResult::kStepped && frames.size() < kMostFrames) {
      size_t before = frames.size();
      result = code.step(cursor, native::StackMemory(snapshot), frames);
      bool is_failure = result != StepResult::kStepped && result != StepResult::kComplete;
      EXPECT_TRUE(!is_failure || frames.size() == before) << "a step that fails changes nothing";
    }
    Profile profile;
    Names names;
    for (const native::MachineFrame& frame : frames) {
      std::vector<FrameId> named;
      if (frame.made != 0) code.name(frame.made, profile, named);
      for (FrameId id : named) names.push_back(frame_text(profile, profile.frame(id), {}));
    }
    names.emplace_back(end_of(result, code));
    return names;
  }
  static std::string end_of(StepResult result, const JavaCode& code) {
    if (result == StepResult::kStepped) return "no end";
    if (result == StepResult::kComplete) return "complete";
    return result == StepResult::kTruncated ? "truncated" : std::string(code.problem());
  }

  FakeCarrier fake_{FakeCarrier::Jdk::k25};
  test::FakeJvm& jvm_ = fake_.heap.jvm;
  Address next_method_ = kMethods;
  Address interpreted_ = 0, bytecode_ = 0;
  // Return addresses.
  Address leaf_ = 0, middle_ = 0, root_ = 0, carrier_ = 0, interpreter_ = 0, call_stub_ = 0, barrier_ = 0;
  Words words_;
  Address pc_ = 0, fp_ = 0;    // of the leaf
  bool after_native_ = false;  // it has called native code
  std::shared_ptr<Continuations> continuations_;
};

TEST_F(HeapFramesTest, AreBetweenTheStackAndTheCarrier) {
  EXPECT_EQ(
      walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, two_compiled())),
      (Names{"Leaf.on", "Middle.in", "Root.run", kEntered, "Carrier.work", "StubRoutines (1)", "complete"}));
}

TEST_F(HeapFramesTest, MayBeInSeveralChunks) {
  ChunkBytes record(FakeCarrier::kEntry);
  record.add(kFirst, {0, middle_, 11, 12, 0, barrier_}).add(kSecond, {0, root_, 21, 22, 0, barrier_});
  EXPECT_EQ(walk(record), (Names{"Leaf.on", "Middle.in", "Root.run", kEntered, "Carrier.work",
                                 "StubRoutines (1)", "complete"}));
}

TEST_F(HeapFramesTest, ComeWithTheStackOfAThreadThatStands) {
  fake_.set_tail(fake_.add_chunk(two_compiled()));
  auto attached = JavaCode(jvm_.memory, jvm_.layout, {}, continuations_).beside_stack(FakeCarrier::kTid);
  EXPECT_EQ(walk(attached), two_and_carrier());
  EXPECT_EQ(walk(StackSnapshot{.thread = FakeCarrier::kTid, .stands = true}), (Names{"Leaf.on", kInHeap}))
      << "they are not read later";
}

TEST_F(HeapFramesTest, AreLookedForOnceAStackHasThem) {
  continuations_ = fake_.shared_continuations();
  words_[3] = call_stub_;
  walk(StackSnapshot{});
  walk(StackSnapshot{});
  EXPECT_EQ(continuations_->settings(), nullptr);
  words_[3] = barrier_;
  EXPECT_EQ(walk(StackSnapshot{}), (Names{"Leaf.on", kInHeap}));
  EXPECT_EQ(continuations_->settings(), nullptr) << "not before the next batch";
  walk(StackSnapshot{});
  EXPECT_NE(continuations_->settings(), nullptr);
}

TEST_F(HeapFramesTest, MayBeInterpreted) {
  EXPECT_EQ(
      walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, one_interpreted())),
      (Names{"Leaf.on", "Slow.step", "Root.run", kEntered, "Carrier.work", "StubRoutines (1)", "complete"}));
}

TEST_F(HeapFramesTest, MayBeCalledByInterpretedOnes) {
  Words words(26, 0);
  words[1] = middle_;
  words[4] = 14;  // to the frame pointer at 18, from here
  words[5] = interpreter_;
  put_interpreted(words, 18, {.sender_sp = 4, .locals = 4, .return_to = root_});
  words[25] = barrier_;
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words)),
            (Names{"Leaf.on", "Middle.in", "Slow.step", "Root.run", kEntered, "Carrier.work",
                   "StubRoutines (1)", "complete"}));
}

// One interpreted frame's link to the next is relative, too.
TEST_F(HeapFramesTest, MayBeInterpretedOneAfterTheOther) {
  Words words(40, 0);
  words[0] = 14;
  words[1] = interpreter_;
  put_interpreted(words, 14, {.sender_sp = 3, .locals = 4, .link = 16, .return_to = interpreter_});
  put_interpreted(words, 30, {.sender_sp = 6, .locals = 7, .return_to = root_});
  words[39] = barrier_;
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words)),
            (Names{"Leaf.on", "Slow.step", "Slow.step", "Root.run", kEntered, "Carrier.work",
                   "StubRoutines (1)", "complete"}));
}

// Its locals are where its caller's operands would be: there is no caller in this chunk.
TEST_F(HeapFramesTest, EndWithTheLocalsOfAnInterpretedRoot) {
  Words words = one_interpreted();
  words.resize(20);
  put_interpreted(words, 14, {.sender_sp = 2, .locals = 5, .return_to = barrier_});
  const Names all{"Leaf.on", "Slow.step", kEntered, "Carrier.work", "StubRoutines (1)", "complete"};
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words)), all);
}

TEST_F(HeapFramesTest, HaveTheMethodThatADeoptimisedFrameWasIn) {
  Address start = middle_ - 60 - 128;
  jvm_.memory.set(start + 64, middle_ + 20);  // the deoptimisation handler
  jvm_.memory.set(start + 80, int32_t{8});
  Words words = two_compiled();
  words[1] = middle_ + 20;
  words[3] = middle_;
  EXPECT_EQ(
      walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words)),
      (Names{"Leaf.on", "Middle.in", "Root.run", kEntered, "Carrier.work", "StubRoutines (1)", "complete"}));
  words[3] = root_;
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words)), (Names{"Leaf.on", kInHeap}));
}

TEST_F(HeapFramesTest, AreUnknownWithoutARecord) {
  EXPECT_EQ(walk(StackSnapshot{}), (Names{"Leaf.on", kInHeap}));
  continuations_ = nullptr;
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, two_compiled())), (Names{"Leaf.on", kInHeap}));
}

TEST_F(HeapFramesTest, AreUnknownWhereTheEntryIsNotOfThisStack) {
  // The stack pointer when the leaf has returned.
  const Address sp = at(4);
  words_.resize(1024);
  auto walked = [&](Address entry) { return walk(ChunkBytes(entry).add(kFirst, two_compiled())); };
  for (Address entry : {Address{0}, sp - 8, sp + 4104, kFirst, ~Address{0}})
    EXPECT_EQ(walked(entry), (Names{"Leaf.on", kInHeap})) << entry;
  // It may be as near, and as far.
  for (Address entry : {sp, sp + 4096}) EXPECT_THAT(walked(entry), Contains("Middle.in")) << entry;
}

TEST_F(HeapFramesTest, AreCutWhereTheRecordIs) {
  ChunkBytes record(FakeCarrier::kEntry);
  record.add(kFirst, two_compiled());
  record.head().is_cut = 1;
  EXPECT_EQ(walk(record), (Names{"Leaf.on", "Middle.in", "truncated"}));

  // After two of the six words of the first frame and its link, then after the first frame.
  ChunkBytes shorter(FakeCarrier::kEntry);
  shorter.add(kFirst, two_compiled());
  auto bytes = shorter.bytes();
  bytes.resize(ChunkBytes::kHead + 2 * 8);
  EXPECT_EQ(walk(bytes), (Names{"Leaf.on", "truncated"}));
  bytes = shorter.bytes();
  bytes.resize(ChunkBytes::kHead + 6 * 8);
  EXPECT_EQ(walk(bytes), (Names{"Leaf.on", "Middle.in", "truncated"}));
}

TEST_F(HeapFramesTest, AreCutBeforeAChunkThatWasNotCopied) {
  ChunkBytes record(FakeCarrier::kEntry);
  record.add(kFirst, {0, middle_, 11, 12, 0, barrier_}).add(kSecond, {0, root_, 21, 22, 0, barrier_});
  record.head().chunks[1].copied = 0;
  EXPECT_EQ(walk(record), (Names{"Leaf.on", "truncated"}));
}

TEST_F(HeapFramesTest, AreCutWhereTheStackWasNotTakenUpToTheCarrier) {
  words_.resize(kCarrierWord + 1);
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, two_compiled())),
            (Names{"Leaf.on", "Middle.in", "truncated"}));
}

TEST_F(HeapFramesTest, DoNotTakeWhatIsNoCallForACarrier) {
  words_[kCarrierWord + 1] = carrier_ + 1;
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, two_compiled())),
            (Names{"Leaf.on", "Middle.in", "[unknown: carrier of virtual thread]"}));
}

TEST_F(HeapFramesTest, DoNotTakeWhatIsNoCallForACaller) {
  Words words = two_compiled();
  words[5] = root_ + 1;
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words)), (Names{"Leaf.on", kInHeap}));
  words[1] = middle_ + 1;
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words)), (Names{"Leaf.on", kInHeap}));
}

// A thread that is about to wait has copied its frames, and they are on its stack still.
TEST_F(HeapFramesTest, AreNotShownTwiceWhileTheyAreOnTheStack) {
  after_native_ = true;
  Words words{0, leaf_, 0, 0, 0, middle_};
  Words rest = two_compiled();
  words.insert(words.end(), rest.begin() + 2, rest.end());
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words)), two_and_carrier());
  // A call of the same method from elsewhere in it is another frame.
  words[1] = leaf_ + 20;
  jvm_.put_call(leaf_ + 20);
  Names twice = two_and_carrier();
  twice.insert(twice.begin(), "Leaf.on");
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words)), twice);
}

// What returns to the barrier has a caller in the heap: a record without one is not of this moment.
TEST_F(HeapFramesTest, AreShownAsTheyAreWhereNoCallerFollows) {
  after_native_ = true;
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, {0, leaf_, 0, 0, 0, barrier_})),
            (Names{"Leaf.on", "Leaf.on", kEntered, "Carrier.work", "StubRoutines (1)", "complete"}));
}

// What a thread has called of HotSpot may be no native code, but a stub.
TEST_F(HeapFramesTest, AreNotShownTwiceUnderAStub) {
  Address stub = jvm_.add(28, {.name = "RuntimeStub - monitorenter"}) + 60;
  pc_ = stub;
  words_[3] = leaf_;
  words_[7] = barrier_;
  after_native_ = true;
  Words words{0, leaf_, 0, 0, 0, middle_};
  Words rest = two_compiled();
  words.insert(words.end(), rest.begin() + 2, rest.end());
  Names all = two_and_carrier();
  all.insert(all.begin(), "RuntimeStub - monitorenter");
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words)), all);
}

// All of them are, from the first one on, or none is.
TEST_F(HeapFramesTest, AreNotShownTwiceWhereSeveralAreOnTheStack) {
  after_native_ = true;
  words_[3] = middle_;
  words_[7] = barrier_;
  Words words{0, leaf_, 0, 0, 0, middle_};
  Words rest = two_compiled();
  words.insert(words.end(), rest.begin() + 2, rest.end());
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words)), two_and_carrier());
  words[5] = root_;
  Names names = walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words));
  EXPECT_THAT(names, testing::IsSupersetOf({"Leaf.on", "Middle.in", "Leaf.on", "Root.run", "complete"}));
  EXPECT_THAT(names, SizeIs(9)) << "two on the stack, three in the heap, and the carrier";
}

// An interpreted frame is to go on at another instruction of the interpreter: it is told by its bytecode.
TEST_F(HeapFramesTest, AreNotShownTwiceWhereTheyAreInterpreted) {
  after_native_ = true;
  pc_ = interpreter_;
  fp_ = at(12);
  put_interpreted(words_, 12, {.sender_sp = 0, .return_to = barrier_});
  words_[11] = at(14);
  Words words = one_interpreted();
  words[1] = interpreter_ + 8;
  const Names once{"Slow.step", "Root.run", kEntered, "Carrier.work", "StubRoutines (1)", "complete"};
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words)), once);
  words[14 - 8] = bytecode_ + 5;
  Names twice = once;
  twice.insert(twice.begin(), "Slow.step");
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words)), twice);
}

// HotSpot brings frames back to the stack, or is about to: none of the virtual thread's is there.
TEST_F(HeapFramesTest, AreLeftOutWhileTheyAreBroughtBack) {
  pc_ = barrier_;
  const Names all{"StubRoutines (continuation stubs)", kEntered, "Carrier.work", "StubRoutines (1)",
                  "complete"};
  for (bool after_native : {true, false}) {
    after_native_ = after_native;
    EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, two_compiled())), all);
    EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry)), all) << "there may be no chunk any more";
  }
}

TEST_F(HeapFramesTest, AreUnknownWhileTheyAreBroughtBackWithoutARecord) {
  pc_ = barrier_;
  for (bool after_native : {true, false}) {
    after_native_ = after_native;
    EXPECT_EQ(walk(StackSnapshot{}), (Names{kBroughtBack}));
    for (Address entry : {Address{0}, kStack - 8, kStack + (1 << 20) + 8, ~Address{0}})
      EXPECT_EQ(walk(ChunkBytes(entry).add(kFirst, two_compiled())), (Names{kBroughtBack})) << entry;
  }
  words_.resize(kCarrierWord + 1);
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry)), (Names{"truncated"}));
  continuations_ = nullptr;
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry)), (Names{kBroughtBack}));
}

// Of a thread that runs they are not: it has brought to its stack what is there.
TEST_F(HeapFramesTest, AreShownAsTheyAreWithoutNativeCode) {
  Words words{0, leaf_, 0, 0, 0, middle_};
  Words rest = two_compiled();
  words.insert(words.end(), rest.begin() + 2, rest.end());
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words)),
            (Names{"Leaf.on", "Leaf.on", "Middle.in", "Root.run", kEntered, "Carrier.work",
                   "StubRoutines (1)", "complete"}));
}

TEST_F(HeapFramesTest, DoNotGoBackToACallee) {
  // An interpreted frame whose link leads to itself.
  Words words = one_interpreted();
  put_interpreted(words, 14, {.sender_sp = 2, .locals = 3, .link = 0, .return_to = interpreter_});
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words)),
            (Names{"Leaf.on", "Slow.step", kInHeap}));
  // One that leads to one below.
  Words two(40, 0);
  two[0] = 30;
  two[1] = interpreter_;
  put_interpreted(two, 30,
                  {.sender_sp = 2, .locals = 2, .link = 0 - uint64_t{14}, .return_to = interpreter_});
  put_interpreted(two, 16, {.sender_sp = 2, .locals = 2, .link = 14, .return_to = interpreter_});
  EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, two)), (Names{"Leaf.on", "Slow.step", kInHeap}));
}

TEST_F(HeapFramesTest, DoNotGoFromAChunkIntoItself) {
  ChunkBytes record(FakeCarrier::kEntry);
  for (int i = 0; i < RT_MAX_CHUNKS; ++i) record.add(kFirst, {0, middle_, 11, 12, 0, barrier_});
  EXPECT_EQ(walk(record), (Names{"Leaf.on", "truncated"}));
}

TEST_F(HeapFramesTest, DoNotLeaveTheirChunkByAFramePointer) {
  for (uint64_t link : {uint64_t{0}, uint64_t{1} << 40, uint64_t{1} << 60, ~uint64_t{0}, uint64_t{21}}) {
    Words words = one_interpreted();
    words[0] = link;
    EXPECT_THAT(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words)), SizeIs(2)) << link;
  }
}

TEST_F(HeapFramesTest, DoNotTakeAddressesForOffsets) {
  for (size_t word : {13, 7}) {
    Words words = one_interpreted();
    words[word] = kFirst;
    EXPECT_EQ(walk(ChunkBytes(FakeCarrier::kEntry).add(kFirst, words)), (Names{"Leaf.on", kInHeap})) << word;
  }
}

// Whatever one word of a record is, the walk ends.
TEST_F(HeapFramesTest, EndWhateverAWordOfTheRecordIs) {
  ChunkBytes record(FakeCarrier::kEntry);
  record.add(kFirst, one_interpreted()).add(kSecond, two_compiled());
  const auto whole = record.bytes();
  for (uint64_t value : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}, uint64_t{1} << 63, kFirst, kStack, barrier_,
                         interpreter_, call_stub_, middle_, FakeCarrier::kEntry}) {
    for (size_t at = 0; at + 8 <= whole.size(); at += 8) {
      auto bytes = whole;
      std::memcpy(bytes.data() + at, &value, sizeof value);
      Names names = walk(bytes);
      EXPECT_NE(names.back(), "no end") << at << " " << value;
      EXPECT_EQ(names.front(), "Leaf.on");
    }
  }
}

}  // namespace
}  // namespace rtprof::jvm
