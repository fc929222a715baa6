#include "common/base/id_index.h"

#include <gtest/gtest.h>

#include <vector>

namespace rtprof {
namespace {

TEST(IdIndex, FindsWhatWasAddedAndNothingElse) {
  // Few hashes for many things: most of them are met on the way to another.
  auto hash = [](int thing) { return static_cast<uint64_t>(thing % 37); };
  std::vector<int> things;
  IdIndex index;
  auto find = [&](int wanted) {
    return index.find(hash(wanted), [&](uint32_t id) { return things[id] == wanted; });
  };
  for (int thing = 0; thing < 1'000; ++thing) {
    EXPECT_FALSE(find(thing));
    things.push_back(thing);
    index.add(static_cast<uint32_t>(thing), [&](uint32_t id) { return hash(things[id]); });
  }
  for (int thing = 0; thing < 1'000; ++thing) EXPECT_EQ(find(thing), static_cast<uint32_t>(thing));
  EXPECT_FALSE(find(1'000));
}

}  // namespace
}  // namespace rtprof
