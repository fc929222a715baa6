#include "common/elf/modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

namespace rtprof {
namespace {

Mapping mapping(uint64_t start, uint64_t offset, uint64_t inode, bool executable, const std::string& path) {
  Mapping made;
  made.start = start;
  made.end = start + 0x1000;
  made.offset = offset;
  made.inode = inode;
  made.executable = executable;
  made.path = path;
  return made;
}

TEST(GroupModules, JoinsTheMappingsOfOneFile) {
  auto modules =
      group_modules({mapping(0x1000, 0, 7, false, "/bin/a"), mapping(0x2000, 0x1000, 7, true, "/bin/a"),
                     mapping(0x9000, 0, 8, true, "/lib/b.so"), mapping(0xa000, 0, 0, true, "[vdso]")});
  ASSERT_EQ(modules.size(), 2U);
  EXPECT_EQ(modules[0].mappings.size(), 2U);
  EXPECT_TRUE(modules[0].contains(0x2fff));
  EXPECT_FALSE(modules[0].contains(0x3000));
  EXPECT_EQ(modules[1].path, "/lib/b.so");
}

TEST(GroupModules, LeavesOutDataFiles) {
  EXPECT_TRUE(group_modules({mapping(0x1000, 0, 7, false, "/usr/lib/locale/locale-archive")}).empty());
}

TEST(GroupModules, ASecondCopyIsAModuleOfItsOwn) {
  auto modules =
      group_modules({mapping(0x1000, 0, 7, false, "/l.so"), mapping(0x2000, 0x1000, 7, true, "/l.so"),
                     mapping(0x5000, 0, 7, false, "/l.so"), mapping(0x6000, 0x1000, 7, true, "/l.so")});
  ASSERT_EQ(modules.size(), 2U);
  EXPECT_EQ(modules[1].mappings.front().start, 0x5000U);
}

int marked_function() {
  return 1;
}

TEST(Modules, TheLoadBiasLeadsFromTheFileToMemory) {
  Process self = Process::open(::getpid());
  auto address = reinterpret_cast<uint64_t>(&marked_function);
  auto modules = modules_of(self);
  auto own =
      std::find_if(modules.begin(), modules.end(), [&](const Module& m) { return m.contains(address); });
  ASSERT_NE(own, modules.end());
  auto file = ElfFile::open(own->readable_path);
  ASSERT_TRUE(file) << file.failure().message;
  auto bias = own->load_bias(*file);
  ASSERT_TRUE(bias);
  auto in_file = file->bytes_at(address - *bias, 4);
  ASSERT_TRUE(in_file);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(address), 4), *in_file);
}

TEST(ElfFile, RefusesWhatIsNone) {
  EXPECT_FALSE(ElfFile::from_bytes(""));
  EXPECT_FALSE(ElfFile::from_bytes("#!/bin/sh\n"));
  EXPECT_FALSE(
      ElfFile::from_bytes("\x7f"
                          "ELF"));
  EXPECT_FALSE(ElfFile::open("/does/not/exist"));
}

}  // namespace
}  // namespace rtprof
