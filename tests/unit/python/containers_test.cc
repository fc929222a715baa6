#include "python/containers.h"

#include <gmock/gmock.h>

#include "tests/unit/python/fake_objects.h"

namespace rtprof {
namespace {

using test::FakeMemory;
using test::FakeObjects;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using Place = FakeObjects::Place;

class ContainersTest : public testing::TestWithParam<test::Build> {
 protected:
  std::vector<Address> keys_of(const Containers::Items& items) {
    std::vector<Address> keys;
    for (const Containers::Item& item : items.first) keys.push_back(item.key);
    return keys;
  }

  FakeMemory memory_;
  FakeObjects fake_{memory_, GetParam()};
  Containers containers_{memory_, fake_.layout()};
};

INSTANTIATE_TEST_SUITE_P(Versions, ContainersTest, testing::ValuesIn(test::kBuilds), test::build_name);

TEST_P(ContainersTest, ReadsListsAndTuples) {
  Address a = fake_.none();
  Address b = fake_.none();
  auto list = containers_.list(fake_.list({a, b, a}), 2);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->length, 3U);
  EXPECT_THAT(list->first, ElementsAre(a, b));
  auto tuple = containers_.tuple(fake_.tuple({b, a}), 10);
  ASSERT_TRUE(tuple);
  EXPECT_THAT(tuple->first, ElementsAre(b, a));
  auto empty = containers_.tuple(fake_.tuple({}), 10);
  ASSERT_TRUE(empty);
  EXPECT_THAT(empty->first, IsEmpty());
}

TEST_P(ContainersTest, ReadsDictsOfEveryKind) {
  Address one = fake_.string("one");
  Address two = fake_.string("two");
  Address gone = fake_.string("gone");
  Address value = fake_.none();
  const Address dicts[] = {fake_.dict({{one, value}, {gone, 0}, {two, one}}),
                           fake_.dict({{one, value}, {gone, 0}, {two, one}}, true),
                           fake_.split_dict({{one, value}, {gone, 0}, {two, one}})};
  for (Address dict : dicts) {
    auto items = containers_.dict(dict, 10);
    ASSERT_TRUE(items);
    EXPECT_THAT(keys_of(*items), ElementsAre(one, two));
    EXPECT_THAT(containers_.find(dict, "two"), Optional(one));
    EXPECT_EQ(containers_.find(dict, "gone"), std::nullopt);
    EXPECT_EQ(containers_.find(dict, "three"), std::nullopt);
  }
}

TEST_P(ContainersTest, ReadsSets) {
  Address a = fake_.none();
  Address b = fake_.none();
  auto set = containers_.set(fake_.set({a, b}), 10);
  ASSERT_TRUE(set);
  EXPECT_EQ(set->length, 2U);
  EXPECT_THAT(keys_of(*set), ElementsAre(a, b));
  auto first = containers_.set(fake_.set({a, b}), 1);
  ASSERT_TRUE(first);
  EXPECT_THAT(keys_of(*first), ElementsAre(a));
}

TEST_P(ContainersTest, ReadsAttributesWhereverTheyAre) {
  Address value = fake_.string("value");
  for (Place place : {Place::kDict, Place::kWithoutDict}) {
    Address object = fake_.instance(place == Place::kDict ? "A" : "B",
                                    {{"first", fake_.none()}, {"second", value}, {"unset", 0}}, place);
    EXPECT_THAT(containers_.attribute(object, "second"), Optional(value));
    EXPECT_EQ(containers_.attribute(object, "unset"), std::nullopt);
    EXPECT_EQ(containers_.attribute(object, "third"), std::nullopt);
  }
  EXPECT_EQ(containers_.attribute(fake_.none(), "second"), std::nullopt);
}

TEST_P(ContainersTest, ReadsIntegersThatFit) {
  for (int64_t value :
       {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{1} << 30, -(int64_t{1} << 45), int64_t{0x7f0123456700}})
    EXPECT_THAT(containers_.integer(fake_.integer(value)), Optional(value));
  EXPECT_EQ(containers_.integer(fake_.integer({1, 2, 3})), std::nullopt);
}

TEST_P(ContainersTest, KnowsTypes) {
  const TypeInfo* type = containers_.type_of(fake_.list({}));
  ASSERT_NE(type, nullptr);
  EXPECT_TRUE(type->is_exactly("list"));
  const TypeInfo* own = containers_.type_of(fake_.instance("list2", {}, Place::kDict));
  ASSERT_NE(own, nullptr);
  EXPECT_FALSE(own->is_exactly("list2"));
  EXPECT_EQ(containers_.type_of(0), nullptr);
  EXPECT_EQ(containers_.type_of(0x1000), nullptr);
}

TEST_P(ContainersTest, RefusesLengthsThatCannotBe) {
  const ContainerLayout& layout = fake_.layout().container;
  Address list = fake_.list({fake_.none()});
  memory_.set<uint64_t>(list + layout.size, ~uint64_t{0});
  EXPECT_EQ(containers_.list(list, 10), std::nullopt);
  Address dict = fake_.dict({{fake_.string("key"), fake_.none()}});
  memory_.set<Address>(dict + layout.dict_keys, 0x10);
  EXPECT_EQ(containers_.dict(dict, 10), std::nullopt);
  EXPECT_EQ(containers_.find(dict, "key"), std::nullopt);
  Address set = fake_.set({fake_.none()});
  memory_.set<uint64_t>(set + layout.set_mask, ~uint64_t{0});
  EXPECT_EQ(containers_.set(set, 10), std::nullopt);
}

}  // namespace
}  // namespace rtprof
