#include "native/symbolizer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/native/fixtures.h"

namespace rtprof::native {
namespace {

class SymbolizerTest : public testing::Test {
 protected:
  std::vector<FrameId> frames(const AddressSpace::Place& place, bool lines) {
    std::vector<FrameId> leaf_first;
    symbolizer_.frames(place, self_, lines, profile_, leaf_first);
    return leaf_first;
  }
  std::string function(FrameId frame) const {
    return std::string(profile_.string(profile_.frame(frame).function));
  }
  std::string module(FrameId frame) const {
    return std::string(profile_.string(profile_.frame(frame).module));
  }

  Process self_ = Process::open(::getpid());
  Profile profile_;
  Symbolizer symbolizer_;
  std::shared_ptr<const Binary> fixture_ = binary_of(fixture_path("symbols.so"));
};

TEST_F(SymbolizerTest, ANativeFrame) {
  auto found = frames({fixture_, fixture_address("fixture_outer") + 1}, false);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(function(found[0]), "fixture_outer");
  EXPECT_EQ(module(found[0]), fixture_path("symbols.so"));
  EXPECT_EQ(profile_.frame(found[0]).kind, FrameKind::kNative);
  EXPECT_EQ(profile_.frame(found[0]).line, 0);
  EXPECT_EQ(frames({fixture_, fixture_address("fixture_outer") + 1}, false), found) << "from the cache";
}

TEST_F(SymbolizerTest, WithoutASymbolItIsItsModule) {
  auto found = frames({fixture_, fixture_address("fixture_short") + 8}, false);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(profile_.frame(found[0]).function, 0U);
  EXPECT_EQ(module(found[0]), fixture_path("symbols.so"));
}

TEST_F(SymbolizerTest, LinesAndInlinedFunctions) {
  auto elf = fixture_->open_elf();
  ASSERT_TRUE(elf);
  auto symbol = elf->symbol("fixture_outer");
  ASSERT_TRUE(symbol);
  std::vector<FrameId> found;
  for (uint64_t at = 0; at < symbol->size && found.size() != 3; ++at)
    found = frames({fixture_, symbol->address + at}, true);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(function(found[0]), "fixture::innermost");
  EXPECT_EQ(function(found[1]), "fixture::inner");
  EXPECT_EQ(function(found[2]), "fixture_outer");
  EXPECT_EQ(profile_.frame(found[2]).line, fixture_line("outer"));
  EXPECT_TRUE(profile_.string(profile_.frame(found[2]).file).ends_with("/tests/fixtures/symbols.cc"));
  EXPECT_EQ(module(found[0]), fixture_path("symbols.so"));
}

TEST_F(SymbolizerTest, WithoutDebugInformationLinesAreNotKnown) {
  auto stripped = binary_of(fixture_path("symbols_stripped.so"));
  auto found = frames({stripped, fixture_address("fixture_outer")}, true);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(function(found[0]), "fixture_outer");
  EXPECT_EQ(profile_.frame(found[0]).line, 0);
}

TEST_F(SymbolizerTest, CodeMadeAtRunTimeIsNamedByThePerfMap) {
  std::string path = "/tmp/perf-" + std::to_string(::getpid()) + ".map";
  std::ofstream(path) << "1000 10 LazyCompile:~run app.js:1\n";
  auto named = frames({nullptr, 0x1004}, false);
  auto unnamed = frames({nullptr, 0x2000}, true);
  std::filesystem::remove(path);
  ASSERT_EQ(named.size(), 1U);
  EXPECT_EQ(function(named[0]), "LazyCompile:~run app.js:1");
  EXPECT_EQ(module(named[0]), "[jit]");
  ASSERT_EQ(unnamed.size(), 1U);
  EXPECT_EQ(profile_.frame(unnamed[0]).function, 0U);
  EXPECT_EQ(module(unnamed[0]), "[anon]");
}

TEST_F(SymbolizerTest, AnotherProfileHasFramesOfItsOwn) {
  frames({fixture_, fixture_address("fixture_outer")}, false);
  Profile other;
  other.intern("something else");
  std::vector<FrameId> found;
  symbolizer_.frames({fixture_, fixture_address("fixture_outer")}, self_, false, other, found);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(other.string(other.frame(found[0]).function), "fixture_outer");
}

TEST_F(SymbolizerTest, KernelFrames) {
  FrameId nowhere = symbolizer_.kernel_frame(UINT64_MAX - 4096, profile_);
  EXPECT_EQ(profile_.frame(nowhere).kind, FrameKind::kKernel);
  EXPECT_EQ(profile_.frame(nowhere).function, 0U);
  EXPECT_EQ(module(nowhere), "[kernel]");
}

// Everything together: an address of this program, through its mappings.
TEST_F(SymbolizerTest, AnAddressOfThisProgram) {
  BinaryCache binaries;
  AddressSpace space(self_, binaries);
  auto place = space.find(reinterpret_cast<Address>(&::getpid));
  ASSERT_TRUE(place);
  auto found = frames(*place, false);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(function(found[0]).find("getpid"), std::string::npos) << function(found[0]);
}

}  // namespace
}  // namespace rtprof::native
