#include "python/objects.h"

#include <gtest/gtest.h>

#include "python/layout.h"
#include "tests/unit/fake_memory.h"
#include "tests/unit/python/fake_python.h"

namespace rtprof {
namespace {

using test::FakeMemory;
using test::FakePython;

class ObjectsTest : public testing::TestWithParam<test::Build> {
 protected:
  FakeMemory memory_;
  FakePython python_{memory_, GetParam()};
};

TEST_P(ObjectsTest, ReadsStringsOfEveryWidth) {
  EXPECT_EQ(read_string(memory_, python_.layout(), python_.compact_ascii("plain")), "plain");
  EXPECT_EQ(read_string(memory_, python_.layout(), python_.compact_ascii("")), "");
  EXPECT_EQ(read_string(memory_, python_.layout(), python_.compact(1, {0xe9, 't', 0xe9})), "été");
  EXPECT_EQ(read_string(memory_, python_.layout(), python_.compact(2, {0x4f60, 0x597d, 'x'})), "你好x");
  EXPECT_EQ(read_string(memory_, python_.layout(), python_.compact(4, {0x1f40d, 'y'})), "🐍y");
}

TEST_P(ObjectsTest, ReadsStringsWhoseTextIsElsewhere) {
  EXPECT_EQ(read_string(memory_, python_.layout(), python_.not_compact(1, {'a', 'b'})), "ab");
  EXPECT_EQ(read_string(memory_, python_.layout(), python_.not_compact(2, {0x3b1, 0x3b2})), "αβ");
}

TEST_P(ObjectsTest, RefusesWhatCannotBeAString) {
  const PythonLayout& layout = python_.layout();
  EXPECT_EQ(read_string(memory_, layout, 0), std::nullopt);
  EXPECT_EQ(read_string(memory_, layout, 0x10), std::nullopt);

  Address negative = python_.compact_ascii("text");
  memory_.set<int64_t>(negative + layout.string.length, -1);
  EXPECT_EQ(read_string(memory_, layout, negative), std::nullopt);

  Address huge = python_.compact_ascii("text");
  memory_.set<int64_t>(huge + layout.string.length, INT64_MAX);
  EXPECT_EQ(read_string(memory_, layout, huge), std::nullopt);

  Address beyond = python_.compact_ascii("text");
  memory_.set<int64_t>(beyond + layout.string.length, 100'000);
  EXPECT_EQ(read_string(memory_, layout, beyond), std::nullopt);

  Address no_kind = python_.compact_ascii("text");
  memory_.set<uint32_t>(no_kind + layout.string.state, 0);
  EXPECT_EQ(read_string(memory_, layout, no_kind), std::nullopt);

  Address long_text = python_.compact_ascii("12345678");
  EXPECT_EQ(read_string(memory_, layout, long_text, 4), std::nullopt);
}

TEST_P(ObjectsTest, ReadsManyInTwoCalls) {
  std::vector<ObjectRequest> requests = {
      {.type = ObjectRequest::Type::kString, .address = python_.compact_ascii("one")},
      {.type = ObjectRequest::Type::kBytes, .address = python_.bytes(std::string("\0\x80", 2))},
      {.type = ObjectRequest::Type::kString, .address = python_.compact_ascii("three")}};
  size_t before = memory_.reads();
  read_objects(memory_, python_.layout(), requests);
  EXPECT_EQ(memory_.reads() - before, 2);
  EXPECT_EQ(requests[0].content, "one");
  EXPECT_EQ(requests[1].content, std::string("\0\x80", 2));
  EXPECT_EQ(requests[2].content, "three");
}

TEST_P(ObjectsTest, OneUnreadableObjectSparesTheOthers) {
  std::vector<ObjectRequest> requests = {
      {.type = ObjectRequest::Type::kString, .address = 0xdead0000},
      {.type = ObjectRequest::Type::kString, .address = python_.compact_ascii("kept")}};
  read_objects(memory_, python_.layout(), requests);
  EXPECT_EQ(requests[0].content, std::nullopt);
  EXPECT_EQ(requests[1].content, "kept");
}

INSTANTIATE_TEST_SUITE_P(Builds, ObjectsTest, testing::ValuesIn(test::kBuilds), test::build_name);

TEST(Utf8From, ReplacesLoneSurrogatesAndNumbersBeyondUnicode) {
  const uint8_t surrogate[] = {0x00, 0xd8, 'a', 0};
  EXPECT_EQ(utf8_from(surrogate, 2),
            "\xef\xbf\xbd"
            "a");
  const uint8_t beyond[] = {0xff, 0xff, 0xff, 0xff};
  EXPECT_EQ(utf8_from(beyond, 4), "\xef\xbf\xbd");
}

}  // namespace
}  // namespace rtprof
