#include "python/stacks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/unit/python/fake_python.h"

namespace rtprof {
namespace {

using testing::ElementsAre;

class PythonStacksTest : public testing::TestWithParam<test::Build> {
 protected:
  rt_py_frame frame(Address code, int64_t offset = 0) { return {code, python_.ip(code, offset)}; }

  uint32_t intern(std::vector<rt_py_frame> leaf_first, StackEnd end = StackEnd::kComplete) {
    return stacks_.intern(leaf_first, end);
  }

  // "function:line", root first.
  std::vector<std::string> names(uint32_t id) {
    std::vector<FrameId> frames;
    stacks_.name(id, profile_, frames);
    std::vector<std::string> texts;
    for (FrameId id_of_frame : frames) {
      const Frame& named = profile_.frame(id_of_frame);
      std::string text(profile_.string(named.function));
      if (named.kind == FrameKind::kPython) text += ":" + std::to_string(named.line);
      texts.push_back(std::move(text));
    }
    return texts;
  }

  // Two instructions on the first line, then one a line.
  std::string line_table() const {
    switch (python_.layout().line_table) {
      case LineTableFormat::kLnotab:
        return {4, 1, 2, 1};
      case LineTableFormat::kLineTable:
        return {4, 0, 2, 1, 2, 1};
      case LineTableFormat::kLocations:
        return {static_cast<char>(0xe9), 0, static_cast<char>(0xe8), 2, static_cast<char>(0xe8), 2};
    }
    return {};
  }

  test::FakeMemory memory_;
  test::FakePython python_{memory_, GetParam()};
  PythonStacks stacks_{memory_, python_.process(), ""};
  Profile profile_;
  Address main_ = python_.code({.name = "main", .line_table = line_table(), .first_line = 10});
  Address leaf_ = python_.code({.name = "leaf", .line_table = line_table(), .first_line = 20});
};

TEST_P(PythonStacksTest, NamesFramesRootFirstWithTheirLines) {
  EXPECT_THAT(names(intern({frame(leaf_, 4), frame(main_, 6)})), ElementsAre("main:12", "leaf:21"));
  EXPECT_THAT(names(intern({frame(leaf_, -2)})), ElementsAre("leaf:20"));
}

TEST_P(PythonStacksTest, FillsWholeFrames) {
  std::vector<FrameId> frames;
  stacks_.name(intern({frame(main_)}), profile_, frames);
  const Frame& named = profile_.frame(frames.at(0));
  EXPECT_EQ(named.kind, FrameKind::kPython);
  EXPECT_EQ(profile_.string(named.file), "/app/file.py");
  EXPECT_EQ(profile_.string(named.short_file), "file.py");
  EXPECT_EQ(named.start_line, 10);
}

TEST_P(PythonStacksTest, EqualStacksHaveOneId) {
  uint32_t first = intern({frame(leaf_, 4), frame(main_, 6)});
  EXPECT_EQ(intern({frame(leaf_, 4), frame(main_, 6)}), first);
  EXPECT_NE(intern({frame(leaf_, 2), frame(main_, 6)}), first);
  EXPECT_NE(intern({frame(leaf_, 4)}), first);
  stacks_.begin_batch();
  EXPECT_EQ(intern({frame(leaf_, 4), frame(main_, 6)}), first);
}

TEST_P(PythonStacksTest, CommonCallersAreStoredOnce) {
  std::vector<rt_py_frame> deep(1000, frame(main_));
  intern(deep);
  size_t before = stacks_.stack_count();
  deep.insert(deep.begin(), frame(leaf_, 2));
  intern(deep);
  EXPECT_EQ(stacks_.stack_count(), before + 1);
}

TEST_P(PythonStacksTest, AStackWithoutFramesIsTheEmptyOne) {
  EXPECT_EQ(intern({}), 0);
  EXPECT_THAT(names(0), ElementsAre());
  EXPECT_THAT(names(stacks_.marker("[native]")), ElementsAre("[native]"));
  EXPECT_EQ(stacks_.marker("[native]"), stacks_.marker("[native]"));
  EXPECT_FALSE(stacks_.unknown(stacks_.marker("[native]")));
  EXPECT_TRUE(stacks_.unknown(stacks_.marker("[unknown: thread ended before it was seen]")));
}

TEST_P(PythonStacksTest, FramesWithoutCodeAreLeftOut) {
  EXPECT_THAT(names(intern({frame(leaf_), frame(python_.none()), frame(0), frame(main_)})),
              ElementsAre("main:10", "leaf:20"));
}

TEST_P(PythonStacksTest, TheFrameBetweenAClassAndItsInitialiserIsLeftOut) {
  Address shim = python_.code({.name = "__init__", .file = "__init__", .line_table = line_table()});
  Address module = python_.code({.name = "<m>", .file = "<m>", .line_table = line_table(), .first_line = 5});
  EXPECT_THAT(names(intern({frame(leaf_), frame(shim), frame(main_), frame(module)})),
              ElementsAre("<m>:5", "main:10", "leaf:20"));
}

TEST_P(PythonStacksTest, WhatIsMissingIsAFrameAtTheRoot) {
  uint32_t torn = intern({frame(leaf_), frame(main_)}, StackEnd::kPageNotResident);
  EXPECT_THAT(names(torn), ElementsAre("[unknown: page not resident]", "main:10", "leaf:20"));
  EXPECT_TRUE(stacks_.unknown(torn));

  uint32_t cut = intern({frame(leaf_)}, StackEnd::kTruncated);
  EXPECT_THAT(names(cut), ElementsAre("[truncated]", "leaf:20"));
  EXPECT_FALSE(stacks_.unknown(cut));

  uint32_t nothing = intern({}, StackEnd::kReadError);
  EXPECT_THAT(names(nothing), ElementsAre("[unknown: read error]"));
  EXPECT_TRUE(stacks_.unknown(nothing));
  EXPECT_FALSE(stacks_.unknown(intern({frame(leaf_)})));
}

TEST_P(PythonStacksTest, AnUnreadableCodeObjectKeepsItsPlace) {
  uint32_t id = intern({frame(leaf_), frame(0x10), frame(main_)});
  EXPECT_THAT(names(id), ElementsAre("main:10", "[unknown: code object not readable]", "leaf:20"));
  EXPECT_TRUE(stacks_.unknown(id));
}

TEST_P(PythonStacksTest, AReplacedCodeObjectMakesAnotherStack) {
  uint32_t before = intern({frame(leaf_), frame(main_)});
  EXPECT_EQ(stacks_.revalidate(before), before);
  python_.replace_code(leaf_, {.name = "other", .line_table = line_table(), .first_line = 30});
  stacks_.begin_batch();
  uint32_t after = stacks_.revalidate(before);
  EXPECT_NE(after, before);
  EXPECT_THAT(names(before), ElementsAre("main:10", "leaf:20"));
  EXPECT_THAT(names(after), ElementsAre("main:10", "other:30"));
  EXPECT_EQ(intern({frame(leaf_), frame(main_)}), after);
}

TEST_P(PythonStacksTest, RevalidatingKeepsMarksAndUnknowns) {
  uint32_t torn = intern({frame(leaf_), frame(0x10), frame(main_)}, StackEnd::kReadError);
  stacks_.begin_batch();
  EXPECT_EQ(stacks_.revalidate(torn), torn);
  python_.replace_code(leaf_, {.name = "other", .line_table = line_table(), .first_line = 30});
  stacks_.begin_batch();
  uint32_t after = stacks_.revalidate(torn);
  EXPECT_THAT(names(after), ElementsAre("[unknown: read error]", "main:10",
                                        "[unknown: code object not readable]", "other:30"));
  EXPECT_TRUE(stacks_.unknown(after));
  EXPECT_EQ(stacks_.revalidate(0), 0);
}

TEST_P(PythonStacksTest, TenThousandStacksAreSmall) {
  std::vector<Address> codes;
  for (int i = 0; i < 100; ++i) codes.push_back(python_.code({.name = "f" + std::to_string(i)}));
  for (int i = 0; i < 10'000; ++i) {
    std::vector<rt_py_frame> stack;
    for (int depth = 0; depth < 30; ++depth) stack.push_back(frame(codes[depth], depth < 3 ? i % 50 * 2 : 0));
    stack.insert(stack.begin(), frame(codes[i % 100], i / 100 * 2));
    intern(stack);
  }
  EXPECT_LT(stacks_.memory_use(), 4 << 20);
}

TEST_P(PythonStacksTest, NamesWhileStacksAreAdded) {
  uint32_t known = intern({frame(leaf_), frame(main_)});
  std::thread namer([&] {
    for (int i = 0; i < 200; ++i) EXPECT_THAT(names(known), ElementsAre("main:10", "leaf:20"));
  });
  for (int i = 0; i < 200; ++i) {
    stacks_.begin_batch();
    intern({frame(python_.code({.name = "f" + std::to_string(i)})), frame(main_)});
    stacks_.marker("[mark " + std::to_string(i) + "]");
  }
  namer.join();
}

INSTANTIATE_TEST_SUITE_P(Builds, PythonStacksTest, testing::ValuesIn(test::kBuilds), test::build_name);

}  // namespace
}  // namespace rtprof
