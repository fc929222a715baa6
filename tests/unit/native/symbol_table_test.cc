#include "native/symbol_table.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "common/base/file.h"
#include "tests/unit/native/fixtures.h"

namespace rtprof::native {
namespace {

std::string name_at(const SymbolTable& table, uint64_t address) {
  auto found = table.find(address);
  return found ? found->name : "";
}
std::string name_of(const SymbolTable& table, const std::string& function, uint64_t offset = 0) {
  return name_at(table, fixture_address(function) + offset);
}

TEST(SymbolTable, NamesFunctionsOfAllKinds) {
  SymbolTable table(binary_of(fixture_path("symbols.so")));
  EXPECT_EQ(name_of(table, "fixture_outer"), "fixture_outer");
  EXPECT_EQ(name_of(table, "fixture_local"), "fixture_local") << "a static function";
  EXPECT_EQ(name_of(table, "_ZNK7fixture5Shape4areaEi"), "fixture::Shape::area");
  EXPECT_EQ(name_of(table, "_ZNK7fixture5Shape5scaleIlEET_S2_"), "fixture::Shape::scale<long>");
  auto found = table.find(fixture_address("fixture_outer") + 3);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "fixture_outer");
  EXPECT_EQ(found->offset, 3U);
}

TEST(SymbolTable, ASizeIsRespectedAndNoneReachesToTheNextSymbol) {
  SymbolTable table(binary_of(fixture_path("symbols.so")));
  EXPECT_EQ(name_of(table, "fixture_short", 3), "fixture_short");
  EXPECT_EQ(name_of(table, "fixture_short", 4), "") << "in a gap";
  EXPECT_EQ(name_of(table, "fixture_short", 15), "");
  EXPECT_EQ(name_of(table, "fixture_unsized"), "fixture_unsized");
  EXPECT_EQ(name_of(table, "fixture_unsized", 15), "fixture_unsized");
  EXPECT_EQ(name_of(table, "fixture_unsized", 16), "fixture_around");
}

TEST(SymbolTable, AFunctionGoesOnBehindOneThatLiesInIt) {
  SymbolTable table(binary_of(fixture_path("symbols.so")));
  EXPECT_EQ(name_of(table, "fixture_around", 3), "fixture_around");
  EXPECT_EQ(name_of(table, "fixture_around", 4), "fixture_inside");
  EXPECT_EQ(name_of(table, "fixture_around", 7), "fixture_inside");
  EXPECT_EQ(name_of(table, "fixture_around", 8), "fixture_around");
  EXPECT_EQ(name_of(table, "fixture_around", 15), "fixture_around");
}

TEST(SymbolTable, OfSeveralNamesTheBest) {
  SymbolTable table(binary_of(fixture_path("symbols.so")));
  EXPECT_EQ(fixture_address("__fixture_named"), fixture_address("fixture_named"));
  EXPECT_EQ(fixture_address("fixture_named_weakly"), fixture_address("fixture_named"));
  EXPECT_EQ(name_of(table, "__fixture_named"), "fixture_named");
}

TEST(SymbolTable, AddressesOutsideOfAllSymbolsHaveNoName) {
  SymbolTable table(binary_of(fixture_path("symbols.so")));
  EXPECT_FALSE(table.find(0));
  EXPECT_FALSE(table.find(1));
  EXPECT_FALSE(table.find(uint64_t{1} << 40));
  EXPECT_FALSE(table.find(UINT64_MAX));
}

// Finds the entry that calls getpid by looking at all addresses of the linkage tables.
TEST(SymbolTable, LinkageTable) {
  SymbolTable table(binary_of(fixture_path("symbols.so")));
  auto elf = ElfFile::open(fixture_path("symbols.so"));
  ASSERT_TRUE(elf);
  size_t found = 0;
  for (const char* name : {".plt", ".plt.sec", ".plt.got"}) {
    auto section = elf->section(name);
    for (uint64_t at = 0; section && at < section->size; ++at)
      found += name_at(table, section->address + at) == "getpid@plt" ? 1 : 0;
  }
  EXPECT_GE(found, 8U);
  EXPECT_EQ(found % 8, 0U) << "whole entries";
}

// libc calls functions through its linkage table that it chooses itself, and that the table does not name.
TEST(SymbolTable, EntriesWithoutANameHaveNone) {
  const std::string libc = "/lib/x86_64-linux-gnu/libc.so.6";
  SymbolTable table(binary_of(libc));
  auto elf = ElfFile::open(libc);
  ASSERT_TRUE(elf);
  auto section = elf->section(".plt");
  ASSERT_TRUE(section);
  for (uint64_t at = 0; at < section->size; ++at) EXPECT_NE(name_at(table, section->address + at), "@plt");
}

TEST(SymbolTable, AStrippedFileHasWhatItExports) {
  SymbolTable table(binary_of(fixture_path("symbols_stripped.so")));
  EXPECT_EQ(name_of(table, "fixture_outer"), "fixture_outer");
  EXPECT_EQ(name_of(table, "fixture_named"), "fixture_named");
  EXPECT_EQ(name_of(table, "fixture_local"), "");
}

TEST(SymbolTable, PackedSymbols) {
  SymbolTable table(binary_of(fixture_path("symbols_packed.so")));
  EXPECT_EQ(name_of(table, "fixture_local"), "fixture_local");
  EXPECT_EQ(name_of(table, "fixture_outer"), "fixture_outer");
}

TEST(SymbolTable, ADebugFileByItsLink) {
  SymbolTable table(binary_of(fixture_path("symbols_linked.so")));
  EXPECT_EQ(name_of(table, "fixture_local"), "fixture_local");
}

class DebugFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "rtprof-symbols-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string directory_;
};

TEST_F(DebugFileTest, ALinkToAnotherFileIsNotFollowed) {
  std::filesystem::copy_file(fixture_path("symbols_linked.so"), directory_ + "/symbols_linked.so");
  std::filesystem::copy_file(fixture_path("symbols_stripped.so"), directory_ + "/symbols.debug");
  SymbolTable table(binary_of(directory_ + "/symbols_linked.so"));
  EXPECT_EQ(name_of(table, "fixture_local"), "");
  EXPECT_EQ(name_of(table, "fixture_outer"), "fixture_outer");
}

TEST_F(DebugFileTest, InADirectoryOfItsOwnBesideTheFile) {
  std::filesystem::copy_file(fixture_path("symbols_linked.so"), directory_ + "/symbols_linked.so");
  std::filesystem::create_directory(directory_ + "/.debug");
  std::filesystem::copy_file(fixture_path("symbols.debug"), directory_ + "/.debug/symbols.debug");
  SymbolTable table(binary_of(directory_ + "/symbols_linked.so"));
  EXPECT_EQ(name_of(table, "fixture_local"), "fixture_local");
}

// A process in a root directory of its own, as in a container, whose debug files are there and not here.
TEST_F(DebugFileTest, ByBuildIdInTheRootOfTheProcess) {
  std::filesystem::copy_file(fixture_path("symbols_stripped.so"), directory_ + "/library.so");
  std::string id = binary_of(directory_ + "/library.so")->build_id();
  ASSERT_GT(id.size(), 8U);
  std::string place = directory_ + "/usr/lib/debug/.build-id/" + id.substr(0, 2);
  std::filesystem::create_directories(place);
  std::filesystem::copy_file(fixture_path("symbols.debug"), place + "/" + id.substr(2) + ".debug");
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  pid_t child = ::fork();
  if (child == 0) {
    char in_root = ::chroot(directory_.c_str()) == 0 ? 'y' : 'n';
    if (::write(ready[1], &in_root, 1) == 1) ::pause();
    ::_exit(0);
  }
  char in_root = 'n';
  ssize_t got = ::read(ready[0], &in_root, 1);
  std::string name;
  if (got == 1 && in_root == 'y') {
    Mapping mapping;
    mapping.path = "/library.so";
    mapping.inode = 1;
    SymbolTable table(std::make_shared<const Binary>(Process::open(child), mapping));
    name = name_of(table, "fixture_local");
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  if (in_root != 'y') GTEST_SKIP() << "changing the root directory is not permitted";
  EXPECT_EQ(name, "fixture_local");
}

TEST_F(DebugFileTest, DamagedFilesHaveFewSymbolsOrNone) {
  auto whole = read_file(fixture_path("symbols.so"));
  ASSERT_TRUE(whole);
  for (size_t length : {size_t{0}, size_t{3}, size_t{64}, whole->size() / 2, whole->size() - 1}) {
    std::string path = directory_ + "/damaged.so";
    std::ofstream(path, std::ios::binary) << whole->substr(0, length);
    SymbolTable table(binary_of(path));
    EXPECT_EQ(table.size(), 0U) << length << " bytes";
    EXPECT_FALSE(table.find(fixture_address("fixture_outer")));
  }
}

// The file can be cut short after its symbols were read; names are then gone, and nothing else happens.
TEST_F(DebugFileTest, AFileThatIsCutShortLater) {
  std::string path = directory_ + "/library.so";
  std::filesystem::copy_file(fixture_path("symbols.so"), path);
  SymbolTable table(binary_of(path));
  EXPECT_EQ(name_of(table, "fixture_outer"), "fixture_outer");
  ASSERT_EQ(::truncate(path.c_str(), 100), 0);
  EXPECT_FALSE(table.find(fixture_address("fixture_outer")));
}

TEST(SymbolTable, TheVdso) {
  Process self = Process::open(::getpid());
  BinaryCache binaries;
  for (const Mapping& mapping : self.mappings()) {
    if (mapping.path != "[vdso]") continue;
    SymbolTable table(binaries.vdso(self, mapping));
    auto elf = binaries.vdso(self, mapping)->open_elf();
    ASSERT_TRUE(elf);
    auto symbol = elf->symbol("__vdso_gettimeofday");
    ASSERT_TRUE(symbol);
    EXPECT_EQ(name_at(table, symbol->address), "__vdso_gettimeofday") << "the other name is weak";
  }
}

TEST(SymbolTable, MemoryIsAFewBytesASymbol) {
  SymbolTable table(binary_of("/proc/self/exe"));
  ASSERT_GT(table.size(), 1000U);
  EXPECT_LT(table.memory_use(), 16 * table.size());
}

}  // namespace
}  // namespace rtprof::native
