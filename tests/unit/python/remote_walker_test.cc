#include "python/remote_walker.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "tests/unit/python/fake_python.h"

namespace rtprof {
namespace {

using test::Build;
using test::FakeMemory;

constexpr Address kState = 0x600000;
constexpr Address kCframe = 0x610000;
constexpr Address kChunk = 0x700000;
constexpr Address kOlderChunk = 0x720000;
constexpr Address kElsewhere = 0x800000;
constexpr uint64_t kChunkBytes = 16 << 10;
constexpr uint64_t kPage = 4096;
constexpr uint64_t kPthread = 0x7fff1000;

constexpr uint8_t kOwnedByThread = 0;
constexpr uint8_t kOwnedByGenerator = 1;

// A thread with frames in made-up memory: code object n of frame n, counted from the leaf, is at 0x1000 ×
// (n+1) and its instruction at that plus n.
class FakeThread {
 public:
  FakeThread(FakeMemory& memory, const PythonLayout& layout) : memory_(memory), layout_(layout) {
    memory_.map(kState, 1024);
    memory_.map(kCframe, 256);
    memory_.set<uint64_t>(kState + walk().thread_id, kPthread);
    if (has_chunks()) {
      memory_.map(kChunk, kChunkBytes);
      memory_.map(kOlderChunk, kChunkBytes);
      chunk(kChunk, kOlderChunk);
      chunk(kOlderChunk, 0);
      memory_.set<uint64_t>(kState + layout_.thread.datastack_chunk, kChunk);
      set_top(kChunk + layout_.stack_chunk.data);
    }
    set_leaf(0);
  }

  const rt_py_walk& walk() const { return layout_.walk; }
  bool has_chunks() const { return layout_.thread.datastack_chunk != kNoOffset; }
  void set_top(Address top) { memory_.set<uint64_t>(kState + layout_.thread.datastack_chunk + 8, top); }

  void set_leaf(Address frame) {
    bool has_cframe = walk().cframe_frame != kNoOffset;
    memory_.set<uint64_t>(kState + walk().thread_frame, has_cframe ? kCframe : frame);
    if (has_cframe) memory_.set<uint64_t>(kCframe + walk().cframe_frame, frame);
  }

  void put_frame(Address at, Address back, uint64_t code, uint64_t ip, uint8_t owner = kOwnedByThread) {
    for (Address page = at & ~(kPage - 1); page < at + walk().frame_size; page += kPage) {
      if (!is_mapped(page)) memory_.map(page, kPage);
    }
    memory_.set<uint64_t>(at + walk().frame_back, back);
    memory_.set<uint64_t>(at + walk().frame_code, code | (~walk().code_mask & 1));
    if (walk().frame_ip_size == 4) {
      memory_.set<uint32_t>(at + walk().frame_ip, static_cast<uint32_t>(ip));
    } else {
      memory_.set<uint64_t>(at + walk().frame_ip, ip);
    }
    if (walk().frame_owner != kNoOffset) memory_.set<uint8_t>(at + walk().frame_owner, owner);
  }

  // Frames at the addresses, leaf first, the last one the root.
  void put_stack(const std::vector<Address>& leaf_first) {
    for (size_t i = 0; i < leaf_first.size(); ++i) {
      Address back = i + 1 < leaf_first.size() ? leaf_first[i + 1] : 0;
      put_frame(leaf_first[i], back, code(i), code(i) + i);
    }
    set_leaf(leaf_first.front());
  }

  static uint64_t code(size_t i) { return 0x1000 * (i + 1); }

  void put_shim(Address at, Address back) {
    uint8_t owner = 0;
    while ((walk().shim_owners >> owner & 1) == 0) ++owner;
    put_frame(at, back, 0xdead, 0xbeef, owner);
  }
  void set_entry(Address frame) { memory_.set<uint8_t>(frame + walk().frame_entry, 1); }

 private:
  bool is_mapped(Address at) const { return memory_.get<uint8_t>(at).has_value(); }
  void chunk(Address at, Address previous) {
    memory_.set<uint64_t>(at + layout_.stack_chunk.previous, previous);
    memory_.set<uint64_t>(at + layout_.stack_chunk.size, kChunkBytes);
  }

  FakeMemory& memory_;
  const PythonLayout& layout_;
};

class RemoteWalkerTest : public testing::TestWithParam<Build> {
 protected:
  RemoteWalkerTest()
      : layout_(test::layout_of_minor(GetParam().minor, GetParam().free_threaded)),
        thread_(memory_, layout_),
        walker_(memory_, layout_) {}

  RemoteWalker::Walk walk() { return walker_.walk(kState, kPthread, remembered_); }
  // Expects `count` frames as put_stack() makes them.
  void expect_stack(const RemoteWalker::Walk& walk, size_t count) {
    EXPECT_EQ(walk.end, StackEnd::kComplete);
    ASSERT_EQ(walk.leaf_first.size(), count);
    for (size_t i = 0; i < count; ++i) {
      EXPECT_EQ(walk.leaf_first[i].code, FakeThread::code(i));
      EXPECT_EQ(walk.leaf_first[i].ip, FakeThread::code(i) + i);
    }
  }
  // Marked frames by their number, "-" for a mark alone, each with "|" where it is marked.
  static std::string marks(const RemoteWalker::Walk& walk) {
    std::string text;
    for (const rt_py_frame& frame : walk.marked) {
      if (!text.empty()) text += ' ';
      uint64_t code = frame.code & ~RT_PY_ENTRY;
      text += code == 0 ? "-" : std::to_string(code / FakeThread::code(0) - 1);
      if (code != frame.code) text += '|';
    }
    return text;
  }
  // Frames one after another in the newest chunk, or anywhere where there are no chunks.
  std::vector<Address> frames_in_chunk(size_t count, Address chunk = kChunk) {
    std::vector<Address> frames;
    for (size_t i = count; i-- > 0;) frames.push_back(chunk + layout_.stack_chunk.data + i * 152);
    return frames;
  }
  void put_in_chunk(size_t count) {
    auto frames = frames_in_chunk(count);
    thread_.put_stack(frames);
    if (thread_.has_chunks()) thread_.set_top(frames.front() + 152);
  }

  FakeMemory memory_;
  PythonLayout layout_;
  FakeThread thread_;
  RemoteWalker walker_;
  WalkMemory remembered_;
};

// Builds whose frames say who owns them (3.11+), some of them shims (3.12+); data-stack chunks came
// with 3.11.
class OwnedFramesTest : public RemoteWalkerTest {};
class ShimTest : public RemoteWalkerTest {};
class ChunkTest : public RemoteWalkerTest {};

std::vector<Build> builds_from(int minor) {
  std::vector<Build> builds;
  for (const Build& build : test::kBuilds) {
    if (build.minor >= minor) builds.push_back(build);
  }
  return builds;
}

TEST_P(RemoteWalkerTest, AThreadWithoutFramesIsCompleteAndEmpty) {
  expect_stack(walk(), 0);
}

TEST_P(RemoteWalkerTest, WalksFromTheLeafToTheRoot) {
  put_in_chunk(20);
  expect_stack(walk(), 20);
}

TEST_P(RemoteWalkerTest, TheSecondWalkIsOneRead) {
  put_in_chunk(20);
  walk();
  size_t before = memory_.reads();
  expect_stack(walk(), 20);
  EXPECT_EQ(memory_.reads(), before + 1);
}

TEST_P(RemoteWalkerTest, FollowsAStackThatGrowsAndShrinks) {
  for (size_t count : {3, 90, 2, 40, 41, 1, 80}) {
    put_in_chunk(count);
    expect_stack(walk(), count);
  }
}

TEST_P(RemoteWalkerTest, GeneratorFramesAreReadWhereTheyAre) {
  auto frames = frames_in_chunk(6);
  frames.insert(frames.begin() + 3, kElsewhere);
  frames.insert(frames.begin(), kElsewhere + 0x10000);
  thread_.put_stack(frames);
  if (thread_.has_chunks()) thread_.set_top(frames[1] + 152);
  expect_stack(walk(), 8);
  size_t before = memory_.reads();
  expect_stack(walk(), 8);
  EXPECT_EQ(memory_.reads(), before + 1);
}

TEST_P(RemoteWalkerTest, AGuessThatIsNoLongerReadableCostsNothing) {
  auto frames = frames_in_chunk(4);
  frames.insert(frames.begin() + 1, kElsewhere);
  thread_.put_stack(frames);
  expect_stack(walk(), 5);
  memory_.unmap(kElsewhere);
  put_in_chunk(4);
  expect_stack(walk(), 4);
}

TEST_P(RemoteWalkerTest, OlderChunksAreCopiedToo) {
  auto frames = frames_in_chunk(30);
  auto older = frames_in_chunk(60, kOlderChunk);
  frames.insert(frames.end(), older.begin(), older.end());
  thread_.put_stack(frames);
  if (thread_.has_chunks()) thread_.set_top(frames.front() + 152);
  size_t before = memory_.reads();
  expect_stack(walk(), 90);
  if (thread_.has_chunks()) {
    EXPECT_LE(memory_.reads(), before + 5);
  }
  before = memory_.reads();
  expect_stack(walk(), 90);
  EXPECT_LE(memory_.reads(), before + 2);
}

TEST_P(ShimTest, ShimsAreLeftOut) {
  auto frames = frames_in_chunk(2);
  thread_.put_stack(frames);
  thread_.put_shim(kElsewhere, frames[0]);
  thread_.set_leaf(kElsewhere);
  expect_stack(walk(), 2);
}

// C code called frame 3, and what that called again called frame 1.
TEST_P(RemoteWalkerTest, FramesThatCCodeCalledAreMarked) {
  auto frames = frames_in_chunk(4);
  thread_.put_stack(frames);
  bool has_shims = layout_.walk.shim_owners != 0;
  if (layout_.walk.frame_entry != kNoOffset) {
    thread_.set_entry(frames[1]);
    thread_.set_entry(frames[3]);
  } else if (has_shims) {
    thread_.put_shim(kElsewhere, frames[2]);
    thread_.put_frame(frames[1], kElsewhere, FakeThread::code(1), FakeThread::code(1) + 1);
    thread_.put_shim(kElsewhere + 0x1000, 0);
    thread_.put_frame(frames[3], kElsewhere + 0x1000, FakeThread::code(3), FakeThread::code(3) + 3);
  }
  auto walked = walk();
  expect_stack(walked, 4);
  EXPECT_EQ(marks(walked), GetParam().minor < 11 ? "0| 1| 2| 3|" : "0 1| 2 3|");
}

TEST_P(ShimTest, AShimWithoutAFrameIsAMarkOfItsOwn) {
  auto frames = frames_in_chunk(1);
  thread_.put_stack(frames);
  thread_.put_shim(kElsewhere, kElsewhere + 0x1000);
  thread_.put_shim(kElsewhere + 0x1000, frames[0]);
  thread_.put_shim(kElsewhere + 0x2000, 0);
  thread_.put_frame(frames[0], kElsewhere + 0x2000, FakeThread::code(0), FakeThread::code(0));
  thread_.set_leaf(kElsewhere);
  auto walked = walk();
  expect_stack(walked, 1);
  EXPECT_EQ(marks(walked), "-| -| 0|");
}

TEST_P(ShimTest, AShimAtTheRootOfAllIsNoMark) {
  auto frames = frames_in_chunk(1);
  thread_.put_stack(frames);
  thread_.put_frame(frames[0], kElsewhere, FakeThread::code(0), FakeThread::code(0));
  thread_.put_shim(kElsewhere, kElsewhere + 0x1000);
  thread_.put_shim(kElsewhere + 0x1000, 0);
  EXPECT_EQ(marks(walk()), "0|");
}

TEST_P(OwnedFramesTest, AGeneratorOwnerIsNoShim) {
  thread_.put_frame(kElsewhere, 0, 0x1000, 0x1000, kOwnedByGenerator);
  thread_.set_leaf(kElsewhere);
  expect_stack(walk(), 1);
}

TEST_P(RemoteWalkerTest, DeepStacksAreCutOffAtTheRoot) {
  std::vector<Address> frames;
  for (size_t i = 0; i < RemoteWalker::kMostFrames + 10; ++i) frames.push_back(kElsewhere + i * 256);
  thread_.put_stack(frames);
  for (int round = 0; round < 2; ++round) {
    auto walked = walk();
    EXPECT_EQ(walked.end, StackEnd::kTruncated);
    EXPECT_EQ(walked.leaf_first.size(), RemoteWalker::kMostFrames);
    EXPECT_EQ(walked.leaf_first.front().code, FakeThread::code(0));
  }
}

TEST_P(RemoteWalkerTest, ACycleEnds) {
  auto frames = frames_in_chunk(7);
  thread_.put_stack(frames);
  thread_.put_frame(frames.back(), frames[2], FakeThread::code(6), 0);
  auto walked = walk();
  EXPECT_EQ(walked.end, StackEnd::kChanged);
  EXPECT_LT(walked.leaf_first.size(), 100u);
}

TEST_P(RemoteWalkerTest, AnUnreadableFrameEndsTheWalkAndWhatWasReadIsKept) {
  auto frames = frames_in_chunk(3);
  thread_.put_stack(frames);
  thread_.put_frame(frames.back(), 0xbad0000, FakeThread::code(2), FakeThread::code(2) + 2);
  auto walked = walk();
  EXPECT_EQ(walked.end, StackEnd::kReadError);
  EXPECT_EQ(walked.leaf_first.size(), 3u);
}

TEST_P(RemoteWalkerTest, AStateOfAnotherThreadIsRefused) {
  put_in_chunk(3);
  EXPECT_EQ(walker_.walk(kState, kPthread + 1, remembered_).end, StackEnd::kThreadGone);
  memory_.unmap(kState);
  EXPECT_EQ(walk().end, StackEnd::kThreadGone);
}

TEST_P(ChunkTest, GarbageInAChunkHeaderIsBounded) {
  put_in_chunk(5);
  thread_.set_top(~uint64_t{0});
  expect_stack(walk(), 5);
  memory_.set<uint64_t>(kChunk + layout_.stack_chunk.previous, kChunk);
  memory_.set<uint64_t>(kChunk + layout_.stack_chunk.size, ~uint64_t{0});
  expect_stack(walk(), 5);
  expect_stack(walk(), 5);
}

TEST_P(RemoteWalkerTest, NoticesThatTheLeafHasMovedOn) {
  auto frames = frames_in_chunk(3);
  thread_.put_stack(frames);
  walk();
  EXPECT_TRUE(walker_.still_there());
  thread_.put_frame(frames[0], frames[1], FakeThread::code(0), FakeThread::code(0) + 8);
  EXPECT_FALSE(walker_.still_there());
  walk();
  EXPECT_TRUE(walker_.still_there());
  thread_.set_leaf(frames[1]);
  EXPECT_FALSE(walker_.still_there());
  thread_.set_leaf(0);
  walk();
  EXPECT_TRUE(walker_.still_there());
}

INSTANTIATE_TEST_SUITE_P(Builds, RemoteWalkerTest, testing::ValuesIn(test::kBuilds), test::build_name);
INSTANTIATE_TEST_SUITE_P(Builds, OwnedFramesTest, testing::ValuesIn(builds_from(11)), test::build_name);
INSTANTIATE_TEST_SUITE_P(Builds, ShimTest, testing::ValuesIn(builds_from(12)), test::build_name);
INSTANTIATE_TEST_SUITE_P(Builds, ChunkTest, testing::ValuesIn(builds_from(11)), test::build_name);

}  // namespace
}  // namespace rtprof
