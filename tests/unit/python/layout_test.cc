#include "python/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/python/fake_python.h"

namespace rtprof {
namespace {

using testing::HasSubstr;

PythonVersion version(uint64_t hex) {
  return PythonVersion::from_hex(hex);
}

// The size, in bytes, that a version of _Py_DebugOffsets is read up to.
size_t needed_bytes(const std::vector<uint8_t>& offsets) {
  size_t needed = offsets.size();
  while (layout_from_debug_offsets(std::span(offsets).first(needed - 8))) needed -= 8;
  return needed;
}

// Every offset that a walk uses is there, fits in a frame, and none is left at "none" by mistake.
TEST(Layout, IsCompleteForEveryBuild) {
  for (test::Build build : test::kBuilds) {
    SCOPED_TRACE(build.minor);
    PythonLayout layout = test::layout_of_minor(build.minor, build.free_threaded);
    const rt_py_walk& walk = layout.walk;
    EXPECT_EQ(layout.free_threaded, build.free_threaded);
    EXPECT_NE(walk.runtime_interpreters_head, 0);
    for (uint16_t offset : {walk.frame_back, walk.frame_code, walk.frame_ip}) {
      EXPECT_LE(offset + 4, walk.frame_size);
    }
    EXPECT_LE(walk.frame_ip + walk.frame_ip_size, walk.frame_size);
    EXPECT_LE(walk.frame_size, RT_PY_FRAME_BYTES);
    if (walk.frame_owner != kNoOffset) {
      EXPECT_LT(walk.frame_owner, walk.frame_size);
    }
    EXPECT_EQ(walk.frame_owner != kNoOffset, build.minor >= 11);
    EXPECT_EQ(walk.cframe_frame != kNoOffset, build.minor == 11 || build.minor == 12);
    EXPECT_EQ(layout.runtime_gil != kNoOffset, build.minor < 12);
    EXPECT_EQ(walk.interp_gil != kNoOffset, build.minor >= 12 && !build.free_threaded);
    EXPECT_EQ(walk.frame_tlbc != kNoOffset, build.minor >= 14 && build.free_threaded);
    EXPECT_EQ(layout.code.tlbc != kNoOffset, build.minor >= 14 && build.free_threaded);
    EXPECT_EQ(layout.code.qualname != kNoOffset, build.minor >= 11);
    EXPECT_EQ(layout.thread.native_thread_id != kNoOffset, build.minor >= 11);
    EXPECT_NE(layout.code.filename, kNoOffset);
    EXPECT_NE(layout.string.ascii_size, 0);
    EXPECT_GE(layout.string.compact_size, layout.string.ascii_size + 16);
  }
}

// As printed by offsetof() with the headers of 3.13 and by its own interpreter.
TEST(DebugOffsets, Of313) {
  PythonLayout layout = test::layout_of_minor(13);
  EXPECT_EQ(layout.version.text(), "3.13.18");
  EXPECT_EQ(layout.walk.runtime_interpreters_head, 632);
  EXPECT_EQ(layout.walk.interp_threads_head, 7344);
  EXPECT_EQ(layout.walk.interp_gil, 16);
  EXPECT_EQ(layout.walk.gil_last_holder, 8);
  EXPECT_EQ(layout.walk.gil_locked, 16);
  EXPECT_EQ(layout.walk.thread_frame, 72);
  EXPECT_EQ(layout.walk.thread_id, 152);
  EXPECT_EQ(layout.walk.frame_owner, 70);
  EXPECT_EQ(layout.walk.code_mask, ~uint64_t{0});
  EXPECT_EQ(layout.thread.native_thread_id, 160);
  EXPECT_EQ(layout.code.bytecode, 200);
  EXPECT_EQ(layout.string.compact_size, 56);
  EXPECT_EQ(layout.string.data_pointer, 56);
}

TEST(DebugOffsets, Of315) {
  PythonLayout layout = test::layout_of_minor(15);
  EXPECT_EQ(layout.version.text(), "3.15.2");
  EXPECT_EQ(layout.walk.runtime_interpreters_head, 936);
  EXPECT_EQ(layout.walk.thread_id, 176);
  EXPECT_EQ(layout.walk.frame_owner, 74);
  EXPECT_EQ(layout.walk.code_mask, ~uint64_t{3});
  EXPECT_EQ(layout.thread.datastack_chunk, 256);
  EXPECT_EQ(layout.code.line_table, 136);
  EXPECT_EQ(layout.bytes.data, 32);
  EXPECT_EQ(layout.container.tuple_items, 32);
}

TEST(DebugOffsets, OfFreeThreadedBuilds) {
  PythonLayout layout = test::layout_of_minor(14, true);
  EXPECT_EQ(layout.walk.object_type, 24);
  EXPECT_EQ(layout.walk.frame_tlbc, 72);
  EXPECT_EQ(layout.code.tlbc, 224);
  EXPECT_EQ(layout.string.ascii_size, 56);
  EXPECT_EQ(layout.string.kind_shift, 8);
  EXPECT_EQ(test::layout_of_minor(13, true).string.kind_shift, 2);
}

TEST(DebugOffsets, AreRefusedWhenCutShort) {
  for (int minor : {13, 14, 15}) {
    std::vector<uint8_t> offsets = test::debug_offsets(minor);
    size_t needed = needed_bytes(offsets);
    EXPECT_GT(needed, 500);
    for (size_t size = 0; size < needed; ++size) {
      EXPECT_FALSE(layout_from_debug_offsets(std::span(offsets).first(size)).ok()) << minor << " " << size;
    }
  }
}

TEST(DebugOffsets, OfOneVersionDoNotPassForAnother) {
  for (test::Build from : test::kBuilds) {
    for (int to : {13, 14, 15}) {
      if (from.minor < 13 || from.minor == to) continue;
      std::vector<uint8_t> offsets = test::debug_offsets(from.minor, from.free_threaded);
      offsets[8 + 2] = static_cast<uint8_t>(to);  // the minor version in PY_VERSION_HEX
      auto layout = layout_from_debug_offsets(offsets);
      ASSERT_FALSE(layout.ok()) << from.minor << " as " << to;
      EXPECT_THAT(layout.failure().message, HasSubstr("3." + std::to_string(to)));
    }
  }
}

TEST(DebugOffsets, OfGarbageAreRefused) {
  std::minstd_rand random(1);
  for (int round = 0; round < 2000; ++round) {
    std::vector<uint8_t> offsets = test::debug_offsets(13 + round % 3);
    for (size_t i = 24; i < offsets.size(); ++i) offsets[i] = static_cast<uint8_t>(random());
    EXPECT_FALSE(layout_from_debug_offsets(offsets).ok());
  }
  std::vector<uint8_t> no_cookie = test::debug_offsets(14);
  no_cookie[0] = 'y';
  EXPECT_FALSE(layout_from_debug_offsets(no_cookie).ok());
}

TEST(DebugOffsets, OffsetsThatDoNotFitAreRefused) {
  std::vector<uint8_t> offsets = test::debug_offsets(14);
  uint64_t size = 1 << 20;
  uint64_t head = 0x12345;
  std::memcpy(offsets.data() + 24, &size, 8);  // runtime_state.size
  std::memcpy(offsets.data() + 40, &head, 8);  // runtime_state.interpreters_head
  EXPECT_FALSE(layout_from_debug_offsets(offsets).ok());
}

// What is read into a buffer of a fixed size fits: strings (whose buffer holds a PyUnicodeObject of any
// version), frames and code objects. Two of the words are wrong at a time, so that one may be the size that
// bounds another.
void expect_fits(const PythonLayout& layout) {
  const rt_py_walk& walk = layout.walk;
  EXPECT_LE(layout.string.length + 8, 96);
  EXPECT_LE(layout.string.state + 4, 96);
  EXPECT_LE(layout.bytes.length + 8, 96);
  EXPECT_LE(walk.frame_size, RT_PY_FRAME_BYTES);
  for (int offset : {walk.frame_back, walk.frame_code, walk.frame_ip}) EXPECT_LE(offset + 8, walk.frame_size);
  EXPECT_LT(walk.frame_owner, walk.frame_size);
  if (walk.frame_tlbc != kNoOffset) {
    EXPECT_LE(walk.frame_tlbc + 4, walk.frame_size);
  }
  const CodeLayout& code = layout.code;
  for (size_t offset : {code.name, code.qualname, code.filename, code.line_table, code.first_line}) {
    EXPECT_LE(offset + 8, kCodeHeaderBytes);
  }
}

TEST(DebugOffsets, MembersLieWithinWhatIsRead) {
  constexpr uint64_t kFar = 4096;
  for (test::Build build : test::kBuilds) {
    if (build.minor < 13) continue;
    std::vector<uint8_t> offsets = test::debug_offsets(build.minor, build.free_threaded);
    for (size_t one = 24; one + 8 <= offsets.size(); one += 8) {
      for (size_t other = 24; other <= one; other += 8) {
        std::vector<uint8_t> changed = offsets;
        std::memcpy(changed.data() + one, &kFar, 8);
        std::memcpy(changed.data() + other, &kFar, 8);
        auto layout = layout_from_debug_offsets(changed);
        if (layout.ok()) expect_fits(*layout);
        ASSERT_FALSE(testing::Test::HasFailure()) << build.minor << ": words at " << one << ", " << other;
      }
    }
  }
}

TEST(Versions, UnknownOnesAreRefusedByName) {
  struct {
    uint64_t hex;
    const char* name;
    const char* why;
  } const kCases[] = {{0x020712f0, "2.7.18", "too old"},       {0x030710f0, "3.7.16", "too old"},
                      {0x031000f0, "3.16.0", "newer"},         {0x031000a2, "3.16.0a2", "newer"},
                      {0x030f00a1, "3.15.0a1", "pre-release"}, {0x030e00b4, "3.14.0b4", "pre-release"}};
  for (const auto& bad : kCases) {
    EXPECT_THAT(unsupported_reason(version(bad.hex)), HasSubstr(bad.name));
    EXPECT_THAT(unsupported_reason(version(bad.hex)), HasSubstr(bad.why));
    auto layout = layout_of(version(bad.hex));
    ASSERT_FALSE(layout.ok());
    EXPECT_THAT(layout.failure().message, HasSubstr(bad.name));
    std::vector<uint8_t> offsets = test::debug_offsets(14);
    std::memcpy(offsets.data() + 8, &bad.hex, 8);
    auto from_offsets = layout_from_debug_offsets(offsets);
    ASSERT_FALSE(from_offsets.ok());
    EXPECT_THAT(from_offsets.failure().message, HasSubstr(bad.name));
  }
}

TEST(Versions, ReleasesAndCandidatesAreRead) {
  for (uint64_t hex : {0x030812f0, 0x030903f0, 0x030a0df0, 0x030b02f0, 0x030c01f0}) {
    EXPECT_TRUE(layout_of(version(hex)).ok());
  }
  EXPECT_EQ(unsupported_reason(version(0x030f00c2)), "");
  // Later versions tell their own layout; there is no table to fall back on.
  EXPECT_FALSE(layout_of(version(0x030d00f0)).ok());
}

}  // namespace
}  // namespace rtprof
