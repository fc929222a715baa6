#include "common/process/page_cache.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/fake_memory.h"

namespace rtprof {
namespace {

constexpr Address kPages = 0x10000;

TEST(PageCache, ReadsAPageOnce) {
  test::FakeMemory memory;
  memory.map(kPages, 8192);
  memory.put(kPages + 4090, "across pages");
  PageCache cache(memory);
  std::string text(12, '\0');
  ASSERT_TRUE(cache.read(kPages + 4090, text.data(), text.size()));
  EXPECT_EQ(text, "across pages");
  EXPECT_EQ(memory.reads(), 2U);
  EXPECT_EQ(cache.get<char>(kPages + 4091), 'c');
  EXPECT_EQ(memory.reads(), 2U);
}

TEST(PageCache, KeepsWhatItReadUntilCleared) {
  test::FakeMemory memory;
  memory.map(kPages, 4096);
  PageCache cache(memory);
  memory.set<int>(kPages + 8, 1);
  EXPECT_EQ(cache.get<int>(kPages + 8), 1);
  memory.set<int>(kPages + 8, 2);
  EXPECT_EQ(cache.get<int>(kPages + 8), 1);
  cache.clear();
  EXPECT_EQ(cache.get<int>(kPages + 8), 2);
}

TEST(PageCache, ReadsWhatIsNoWholePageDirectly) {
  test::FakeMemory memory;
  memory.set<int>(kPages + 16, 5);
  PageCache cache(memory);
  EXPECT_EQ(cache.get<int>(kPages + 16), 5);
  EXPECT_EQ(cache.get<int>(kPages + 20), std::nullopt);
  EXPECT_EQ(cache.get<int>(~Address{0} - 1), std::nullopt);
}

TEST(PageCache, ReadsLongRangesDirectly) {
  test::FakeMemory memory;
  memory.map(kPages, 1 << 16);
  PageCache cache(memory);
  std::vector<char> bytes(1 << 16);
  ASSERT_TRUE(cache.read(kPages, bytes.data(), bytes.size()));
  EXPECT_EQ(memory.reads(), 1U);
}

}  // namespace
}  // namespace rtprof
