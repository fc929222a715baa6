#include "python/thread_names.h"

#include <gmock/gmock.h>

#include "tests/unit/python/fake_objects.h"

namespace rtprof {
namespace {

using test::FakeMemory;
using test::FakeObjects;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;
using Place = FakeObjects::Place;

constexpr uint64_t kFirst = 0x7f0012345000;
constexpr uint64_t kSecond = 0x7f0012346000;
constexpr Address kInterpreter = 0x600000000000;

class ThreadNamesTest : public testing::TestWithParam<test::Build> {
 protected:
  Address thread(const std::string& type, Address name, Place place) {
    return fake_.instance(type, {{"_target", fake_.none()}, {"_name", name}}, place);
  }

  // An interpreter whose sys.modules has `threading`, with these active threads.
  void interpreter(const FakeObjects::Pairs& active) {
    Address threading = fake_.instance("module", {{"_active", fake_.dict(active, true)}}, Place::kDict);
    memory_.map(kInterpreter, 16384);
    memory_.set(kInterpreter + fake_.layout().interp_modules,
                fake_.dict({{fake_.string("sys"), fake_.none()}, {fake_.string("threading"), threading}}));
  }

  FakeMemory memory_;
  FakeObjects fake_{memory_, GetParam()};
  ThreadNames names_{memory_, fake_.layout()};
  const PythonInterpreter interpreters_[1] = {{.address = kInterpreter}};
};

INSTANTIATE_TEST_SUITE_P(Versions, ThreadNamesTest, testing::ValuesIn(test::kBuilds), test::build_name);

TEST_P(ThreadNamesTest, ReadsNamesByThreadId) {
  Address unicode = fake_.wide_string({0x43f, 0x43e});
  interpreter(
      {{fake_.integer(kFirst), thread("_MainThread", fake_.string("MainThread"), Place::kWithoutDict)},
       {fake_.integer(kSecond), thread("Thread", unicode, Place::kDict)}});
  EXPECT_THAT(names_.read(interpreters_),
              UnorderedElementsAre(Pair(kFirst, "MainThread"), Pair(kSecond, "по")));
}

TEST_P(ThreadNamesTest, LooksAgainEachTime) {
  Address object = thread("Thread", fake_.string("before"), Place::kDict);
  Address key = fake_.integer(kFirst);
  interpreter({{key, object}});
  EXPECT_THAT(names_.read(interpreters_), UnorderedElementsAre(Pair(kFirst, "before")));
  const PythonLayout& layout = fake_.layout();
  Address modules = *memory_.pointer(kInterpreter + layout.interp_modules);
  Containers containers(memory_, layout);
  Address active = *containers.attribute(*containers.find(modules, "threading"), "_active");
  memory_.set<uint64_t>(*memory_.pointer(active + layout.container.dict_keys) + layout.dict_keys.entries, 0);
  EXPECT_THAT(names_.read(interpreters_), IsEmpty());
}

TEST_P(ThreadNamesTest, HasNoneWhereThreadingIsNotImported) {
  memory_.map(kInterpreter, 16384);
  EXPECT_THAT(names_.read(interpreters_), IsEmpty());
  memory_.set(kInterpreter + fake_.layout().interp_modules,
              fake_.dict({{fake_.string("sys"), fake_.none()}}));
  EXPECT_THAT(names_.read(interpreters_), IsEmpty());
  memory_.set<Address>(kInterpreter + fake_.layout().interp_modules, 0x1234567);
  EXPECT_THAT(names_.read(interpreters_), IsEmpty());
}

}  // namespace
}  // namespace rtprof
