#include "python/repr.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/python/fake_objects.h"

namespace rtprof {
namespace {

using test::FakeMemory;
using test::FakeObjects;

class ReprTest : public testing::TestWithParam<test::Build> {
 protected:
  std::string of(Address object) { return repr_.of(object); }

  FakeMemory memory_;
  FakeObjects fake_{memory_, GetParam()};
  Containers containers_{memory_, fake_.layout()};
  Repr repr_{containers_, 0};
};

INSTANTIATE_TEST_SUITE_P(Versions, ReprTest, testing::ValuesIn(test::kBuilds), test::build_name);

TEST_P(ReprTest, ShowsNumbers) {
  EXPECT_EQ(of(fake_.integer(0)), "0");
  EXPECT_EQ(of(fake_.integer(-7)), "-7");
  EXPECT_EQ(of(fake_.integer(int64_t{1} << 60)), "1152921504606846976");
  EXPECT_EQ(of(fake_.integer({0, 0, 0, 0, 1}, true)), "-1329227995784915872903807060280344576");
  EXPECT_EQ(of(fake_.integer(std::vector<uint32_t>(200, 1))), "<int of 6000 bits>");
  EXPECT_EQ(of(fake_.boolean(true)), "True");
  EXPECT_EQ(of(fake_.boolean(false)), "False");
  EXPECT_EQ(of(fake_.real(0.5)), "0.5");
  EXPECT_EQ(of(fake_.none()), "None");
}

TEST_P(ReprTest, ShowsText) {
  EXPECT_EQ(of(fake_.string("plain")), "'plain'");
  EXPECT_EQ(of(fake_.wide_string({0x416, 0x4e2d})), "'Ж中'");
  EXPECT_EQ(of(fake_.bytes(std::string("a\0\xff", 3))), "b'a\\x00\\xff'");
  EXPECT_EQ(of(fake_.string(std::string(500, 'x'))), "'" + std::string(120, 'x') + "'… of 500");
  EXPECT_EQ(of(fake_.wide_string(std::vector<uint16_t>(200, 0x416))).size(), 2 * 120 + 2 + 3 + 7);
}

TEST_P(ReprTest, ShowsContainers) {
  Address one = fake_.integer(1);
  Address text = fake_.string("a");
  EXPECT_EQ(of(fake_.list({one, text})), "[1, 'a']");
  EXPECT_EQ(of(fake_.tuple({one})), "(1,)");
  EXPECT_EQ(of(fake_.tuple({})), "()");
  EXPECT_EQ(of(fake_.dict({{text, one}})), "{'a': 1}");
  EXPECT_EQ(of(fake_.dict({{text, one}, {one, fake_.none()}}, true)), "{'a': 1, 1: None}");
  EXPECT_EQ(of(fake_.dict({})), "{}");
  EXPECT_EQ(of(fake_.set({one})), "{1}");
  EXPECT_EQ(of(fake_.set({})), "set()");
  EXPECT_EQ(of(fake_.list(std::vector<Address>(10, one))), "[1, 1, 1, 1, 1, 1, 1, 1, … 2 more]");
  EXPECT_EQ(of(fake_.list({fake_.list({fake_.list({one})})})), "[[[… 1 more]]]");
}

TEST_P(ReprTest, ShowsOtherObjectsByTypeAndAddress) {
  for (auto place : {FakeObjects::Place::kDict, FakeObjects::Place::kWithoutDict}) {
    Address order = fake_.instance("Order", {{"number", fake_.integer(1)}}, place);
    EXPECT_EQ(of(order), fmt::format("<app.Order at {:#x}>", order));
  }
  Address builtin = fake_.object_of("collections.deque");
  EXPECT_EQ(of(builtin), fmt::format("<collections.deque at {:#x}>", builtin));
  EXPECT_EQ(of(0x1000), "<unreadable at 0x1000>");
  EXPECT_EQ(of(0), "<unreadable at 0x0>");
}

TEST_P(ReprTest, RefusesNumbersThatCannotBe) {
  for (int64_t word : {INT64_MIN, INT64_MAX}) {
    Address object = fake_.integer(1);
    memory_.set<int64_t>(object + fake_.layout().container.long_value, word);
    EXPECT_EQ(of(object), fmt::format("<int at {:#x}>", object));
    EXPECT_EQ(containers_.integer(object), std::nullopt);
  }
}

TEST_P(ReprTest, IsBoundedForAListThatHoldsItself) {
  Address list = fake_.list({fake_.none()});
  memory_.set(*memory_.pointer(list + fake_.layout().container.list_items), list);
  EXPECT_EQ(of(list), "[[[… 1 more]]]");
}

TEST(Repr, WritesFloatsAsPythonDoes) {
  EXPECT_EQ(float_text(1), "1.0");
  EXPECT_EQ(float_text(-0.0), "-0.0");
  EXPECT_EQ(float_text(0.1), "0.1");
  EXPECT_EQ(float_text(1e22), "1e+22");
  EXPECT_EQ(float_text(1.5e-7), "1.5e-07");
  EXPECT_EQ(float_text(123456789012345680.0), "1.2345678901234568e+17");
  EXPECT_EQ(float_text(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(float_text(-std::numeric_limits<double>::quiet_NaN()), "nan");
}

TEST(Repr, QuotesAsPythonDoes) {
  EXPECT_EQ(quoted("a"), "'a'");
  EXPECT_EQ(quoted("it's"), "\"it's\"");
  EXPECT_EQ(quoted("'\""), "'\\'\"'");
  EXPECT_EQ(quoted("\n\t\\\x01"), "'\\n\\t\\\\\\x01'");
}

TEST(Repr, WritesNumbersOfAnyLength) {
  EXPECT_EQ(decimal_of({}), "0");
  EXPECT_EQ(decimal_of({0, 0}), "0");
  EXPECT_EQ(decimal_of({1000000000}), "1000000000");
  EXPECT_EQ(decimal_of({0, 1}), "1073741824");
}

}  // namespace
}  // namespace rtprof
