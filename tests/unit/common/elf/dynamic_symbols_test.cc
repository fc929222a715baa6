#include "common/elf/dynamic_symbols.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "common/elf/modules.h"

namespace rtprof {
namespace {

class DynamicSymbolsTest : public testing::Test {
 protected:
  // The C library of this program: it exports a few thousand symbols.
  static ElfFile library() {
    Process self = Process::open(::getpid());
    auto modules = modules_of(self);
    auto found = std::find_if(modules.begin(), modules.end(),
                              [](const Module& m) { return m.path.find("/libc.so") != std::string::npos; });
    if (found == modules.end()) throw std::runtime_error("no libc.so is mapped");
    auto file = ElfFile::open(found->readable_path);
    if (!file) throw std::runtime_error(file.failure().message);
    return std::move(*file);
  }
};

TEST_F(DynamicSymbolsTest, FindsWhatTheSectionsSay) {
  ElfFile file = library();
  auto dynamic = file.dynamic_segment();
  ASSERT_TRUE(dynamic);
  for (const char* name : {"qsort", "environ", "memfd_create", "fopen", "strtok_r", "__libc_start_main"}) {
    auto expected = file.symbol(name);
    auto found = find_dynamic_symbol(file, *dynamic, name);
    ASSERT_TRUE(expected && found) << name;
    EXPECT_EQ(found->size, expected->size);
  }
  EXPECT_EQ(find_dynamic_symbol(file, *dynamic, "qsort")->address, file.symbol("qsort")->address);
}

TEST_F(DynamicSymbolsTest, FindsNothingElse) {
  ElfFile file = library();
  EXPECT_FALSE(find_dynamic_symbol(file, *file.dynamic_segment(), "no_such_function"));
  EXPECT_FALSE(find_dynamic_symbol(file, *file.dynamic_segment(), ""));
}

TEST_F(DynamicSymbolsTest, ADynamicSegmentThatIsNotThereHasNone) {
  ElfFile file = library();
  EXPECT_FALSE(find_dynamic_symbol(file, {}, "qsort"));
  EXPECT_FALSE(find_dynamic_symbol(file, {uint64_t{1} << 60, 0, 4096, 4096, false}, "qsort"));
}

}  // namespace
}  // namespace rtprof
