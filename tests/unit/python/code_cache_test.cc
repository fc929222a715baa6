#include "python/code_cache.h"

#include <gtest/gtest.h>

#include "tests/unit/python/fake_python.h"

namespace rtprof {
namespace {

using test::FakePython;

class CodeCacheTest : public testing::TestWithParam<test::Build> {
 protected:
  CodeCache::Version look_up(Address code) {
    cache_.check({&code, 1});
    return cache_.version_of(code);
  }
  const CodeInfo& info(Address code) { return *cache_.info(look_up(code)); }

  test::FakeMemory memory_;
  FakePython python_{memory_, GetParam()};
  CodeCache cache_{memory_, python_.layout(), python_.process().code_type};
};

TEST_P(CodeCacheTest, ReadsWhatACodeObjectSays) {
  Address code = python_.code({"Class.method", "/app/module.py", "\x02\x01", 42});
  EXPECT_EQ(info(code).name, "Class.method");
  EXPECT_EQ(info(code).file, "/app/module.py");
  EXPECT_EQ(info(code).line_table, "\x02\x01");
  EXPECT_EQ(info(code).first_line, 42);
  EXPECT_EQ(info(code).problem, "");
}

TEST_P(CodeCacheTest, ReadsManyAtOnce) {
  std::vector<Address> codes;
  for (int i = 0; i < 50; ++i) codes.push_back(python_.code({"function" + std::to_string(i)}));
  size_t before = memory_.reads();
  cache_.check(codes);
  EXPECT_LE(memory_.reads() - before, 4);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(info(codes[i]).name, "function" + std::to_string(i));

  before = memory_.reads();
  cache_.check(codes);
  EXPECT_EQ(memory_.reads(), before) << "the same batch";
  cache_.begin_batch();
  cache_.check(codes);
  EXPECT_EQ(memory_.reads() - before, 1) << "another batch";
}

TEST_P(CodeCacheTest, TellsAReplacedObjectApart) {
  Address code = python_.code({.name = "before"});
  CodeCache::Version before = look_up(code);
  python_.replace_code(code, {.name = "after"});
  EXPECT_EQ(look_up(code), before) << "is looked at once a batch";
  cache_.begin_batch();
  CodeCache::Version after = look_up(code);
  EXPECT_NE(after, before);
  EXPECT_EQ(cache_.info(before)->name, "before");
  EXPECT_EQ(cache_.info(after)->name, "after");
}

TEST_P(CodeCacheTest, TellsReplacedObjectsOfTheSameNameApart) {
  FakePython::Code same{.name = "f", .line_table = "\x02\x01"};
  Address code = python_.code(same);
  CodeCache::Version before = look_up(code);
  // Its parts are at other addresses now, its first line elsewhere.
  same.first_line = 9;
  python_.replace_code(code, same);
  cache_.begin_batch();
  EXPECT_NE(look_up(code), before);
  EXPECT_EQ(info(code).first_line, 9);
}

TEST_P(CodeCacheTest, AFreedObjectIsWhatItWas) {
  Address code = python_.code({.name = "freed"});
  CodeCache::Version version = look_up(code);
  memory_.set<uint64_t>(code + python_.layout().walk.object_type, 0x1234);
  cache_.begin_batch();
  EXPECT_EQ(look_up(code), version);
  memory_.unmap(code);
  cache_.begin_batch();
  EXPECT_EQ(look_up(code), version);
}

TEST_P(CodeCacheTest, WhatIsNoCodeObjectIsNotReadable) {
  EXPECT_NE(info(python_.none()).problem, "");
  EXPECT_NE(info(0x10).problem, "");
  Address torn = python_.code({.name = "torn"});
  memory_.set<uint64_t>(torn + python_.layout().code.line_table, 0x10);
  EXPECT_NE(info(torn).problem, "");
  // It is looked at again.
  memory_.set<uint64_t>(torn + python_.layout().code.line_table, python_.bytes("\x02\x01"));
  cache_.begin_batch();
  EXPECT_EQ(info(torn).name, "torn");
}

TEST_P(CodeCacheTest, FindsTheTypeOfCodeObjectsItself) {
  CodeCache cache(memory_, python_.layout(), 0);
  Address none = python_.none();
  Address code = python_.code({.name = "found"});
  cache.check({&none, 1});
  cache.check({&code, 1});
  EXPECT_NE(cache.info(cache.version_of(none))->problem, "");
  EXPECT_EQ(cache.info(cache.version_of(code))->name, "found");
}

TEST_P(CodeCacheTest, OffsetsOfInstructions) {
  Address code = python_.code({.code_units = 50});
  CodeCache::Version version = look_up(code);
  EXPECT_EQ(cache_.offset_of(version, python_.ip(code, 0)), 0);
  EXPECT_EQ(cache_.offset_of(version, python_.ip(code, 98)), 98);
  EXPECT_LT(cache_.offset_of(version, python_.ip(code, -2)), 0);
}

// Free-threaded builds from 3.14 on run copies of the bytecode, one a thread.
class CodeCopiesTest : public CodeCacheTest {};

TEST_P(CodeCopiesTest, OffsetsInCopies) {
  Address code = python_.code({.code_units = 50});
  constexpr Address kTable = 0x500000;
  memory_.set<uint64_t>(code + python_.layout().code.tlbc, kTable);
  memory_.put(kTable, std::string(64, '\0'));
  memory_.set<uint64_t>(kTable, 3);
  memory_.set<uint64_t>(kTable + 8, python_.ip(code, 0));
  memory_.set<uint64_t>(kTable + 16, 0);  // a thread that has not run it yet
  memory_.set<uint64_t>(kTable + 24, 0x700000);
  CodeCache::Version version = look_up(code);
  EXPECT_EQ(cache_.offset_of(version, 0x700000 + 34), 34);
  EXPECT_EQ(cache_.offset_of(version, python_.ip(code, 34)), 34);
  EXPECT_EQ(cache_.offset_of(version, 0x900000), INT32_MAX);
}

INSTANTIATE_TEST_SUITE_P(Builds, CodeCacheTest, testing::ValuesIn(test::kBuilds), test::build_name);
INSTANTIATE_TEST_SUITE_P(FreeThreaded, CodeCopiesTest,
                         testing::Values(test::Build{14, true}, test::Build{15, true}), test::build_name);

}  // namespace
}  // namespace rtprof
