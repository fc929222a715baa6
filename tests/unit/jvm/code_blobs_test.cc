#include "jvm/code_blobs.h"

#include <gtest/gtest.h>

#include "tests/unit/jvm/fake_jvm.h"

namespace rtprof::jvm {
namespace {

using Blob = test::FakeJvm::Blob;

class CodeBlobsTest : public testing::Test {
 protected:
  CodeBlobsTest() {
    heaps_.refresh();
    next_batch();
  }

  void next_batch(bool readable = true) { blobs_.begin_batch(readable, now_ += 100 * kMillisecond); }
  void wait_for_samples() {
    for (int batch = 0; batch < 3; ++batch) next_batch();
  }
  // The version of the blob at an address; 0: none.
  uint32_t version(Address pc) {
    const CodeBlob* blob = blobs_.find(pc);
    return blob == nullptr ? 0 : blob->version;
  }

  test::FakeJvm jvm_;
  CodeHeaps heaps_{jvm_.memory, jvm_.layout};
  TimePoint now_ = kSecond;
  CodeBlobs blobs_{jvm_.memory, jvm_.layout, heaps_};
};

TEST_F(CodeBlobsTest, AreKnownByTheirNames) {
  Address compiled = jvm_.add(0, {.method = 0x7000});
  Address interpreter = jvm_.add(4, {.name = "Interpreter", .frame_words = 0});
  Address stub = jvm_.add(8, {.name = "deopt_blob"});
  Address buffer = jvm_.add(12, {.name = "vtable chunks", .frame_words = 0});
  ASSERT_NE(blobs_.find(compiled), nullptr);
  EXPECT_EQ(blobs_.find(compiled)->kind, BlobKind::kCompiled);
  EXPECT_EQ(blobs_.find(compiled)->method, 0x7000);
  EXPECT_EQ(blobs_.find(compiled)->frame_bytes, 32);
  EXPECT_EQ(blobs_.find(interpreter)->kind, BlobKind::kInterpreter);
  EXPECT_EQ(blobs_.find(stub)->kind, BlobKind::kStub);
  EXPECT_EQ(blobs_.find(buffer)->kind, BlobKind::kBuffer);
  EXPECT_EQ(blobs_.find(compiled - 1), nullptr) << "its header is no code";
  EXPECT_EQ(version(jvm_.kCode + 16 * jvm_.kSegment), 0) << "free";
}

TEST_F(CodeBlobsTest, StayTheSame) {
  Address code = jvm_.add(0, {});
  uint32_t before = version(code);
  next_batch();
  EXPECT_EQ(version(code + 8), before);
}

TEST_F(CodeBlobsTest, AreLookedAtAgainByOneRead) {
  Address code = jvm_.add(4, {});
  uint32_t before = version(code + 200);
  next_batch();
  size_t reads = jvm_.memory.reads();
  EXPECT_EQ(version(code + 200), before);
  EXPECT_EQ(jvm_.memory.reads(), reads + 1);
  EXPECT_EQ(version(code), before);
  EXPECT_EQ(jvm_.memory.reads(), reads + 1) << "once in a batch";
}

TEST_F(CodeBlobsTest, AreNoneWhereAnotherWasMeanwhile) {
  Address code = jvm_.add(0, {.compile_id = 1});
  uint32_t before = version(code);
  jvm_.add(0, {.compile_id = 2});
  EXPECT_EQ(version(code), before) << "within a batch nothing is looked at again";
  next_batch();
  EXPECT_EQ(version(code), 0);
  EXPECT_EQ(version(code + 8), 0);
  next_batch();
  EXPECT_EQ(version(code), 0) << "samples of before may still come";
  wait_for_samples();
  EXPECT_GT(version(code), before);
}

TEST_F(CodeBlobsTest, AreNoneWhereALongerOneWas) {
  Address longer = jvm_.add(0, {.segments = 8, .compile_id = 1});
  Address pc = longer + 4 * jvm_.kSegment + 8;
  EXPECT_NE(version(pc), 0);
  jvm_.free(0, 8);
  jvm_.add(4, {.compile_id = 2});
  next_batch();
  EXPECT_EQ(version(pc), 0);
  wait_for_samples();
  EXPECT_NE(version(pc), 0);
  EXPECT_EQ(version(longer), 0) << "free";
}

TEST_F(CodeBlobsTest, AreNoneWhereOneWasThatALongerOneHasTaken) {
  Address code = jvm_.add(4, {.compile_id = 2});
  EXPECT_NE(version(code), 0);
  jvm_.add(0, {.segments = 12, .compile_id = 3});
  next_batch();
  EXPECT_EQ(version(code), 0);
  wait_for_samples();
  EXPECT_NE(version(code), 0);
}

// A blob is valid until the next batch, whatever is found after it.
TEST_F(CodeBlobsTest, StayWhileTheyAreInUse) {
  Address code = jvm_.add(4, {.compile_id = 2});
  const CodeBlob* blob = blobs_.find(code);
  ASSERT_NE(blob, nullptr);
  Address longer = jvm_.add(0, {.segments = 12, .compile_id = 3});
  EXPECT_NE(version(longer), 0);
  EXPECT_EQ(blob->compile_id, 2);
  EXPECT_FALSE(blobs_.follows_call(*blob, code + 40));
}

// The same for one whose place a longer one has taken from its begin on.
TEST_F(CodeBlobsTest, StayWhileTheyAreInUseAtTheirOwnBegin) {
  Address code = jvm_.add(4, {.compile_id = 2});
  const CodeBlob* blob = blobs_.find(code);
  ASSERT_NE(blob, nullptr);
  uint32_t before = blob->version;
  jvm_.add(4, {.segments = 12, .compile_id = 3});
  Address behind = code + 8 * jvm_.kSegment;
  EXPECT_EQ(version(behind), 0) << "what is there now is not known before the next batch";
  EXPECT_EQ(blob->compile_id, 2);
  EXPECT_EQ(version(code), before);
  next_batch();
  EXPECT_EQ(version(code), 0) << "either may have been met";
  EXPECT_EQ(version(behind), 0);
  wait_for_samples();
  EXPECT_GT(version(code), before);
  EXPECT_EQ(version(behind), version(code));
}

TEST_F(CodeBlobsTest, AreBelievedWhereNoneWasInUseMeanwhile) {
  Address code = jvm_.add(0, {.compile_id = 1});
  uint32_t before = version(code);
  wait_for_samples();
  next_batch();
  jvm_.add(0, {.compile_id = 2});
  next_batch();
  EXPECT_GT(version(code), before);
}

TEST_F(CodeBlobsTest, AreKeptWhenTheProcessHasEnded) {
  Address code = jvm_.add(0, {});
  uint32_t before = version(code);
  jvm_.memory.unmap(jvm_.kCode);
  next_batch(false);
  EXPECT_EQ(version(code), before);
  next_batch();
  EXPECT_EQ(version(code), 0);
}

TEST_F(CodeBlobsTest, LookBehindAnAddressForACall) {
  Address code = jvm_.add(0, {});
  jvm_.put_call(code + 40);
  const CodeBlob* blob = blobs_.find(code);
  ASSERT_NE(blob, nullptr);
  EXPECT_TRUE(blobs_.follows_call(*blob, code + 40));
  EXPECT_FALSE(blobs_.follows_call(*blob, code + 41));
  EXPECT_FALSE(blobs_.follows_call(*blob, code)) << "its first byte";
}

}  // namespace
}  // namespace rtprof::jvm
