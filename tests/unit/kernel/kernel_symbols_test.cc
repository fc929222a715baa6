#include "kernel/kernel_symbols.h"

#include <gtest/gtest.h>

namespace rtprof::kernel {
namespace {

constexpr std::string_view kText =
    "0000000000000000 A fixed_percpu_data\n"
    "ffffffff81000000 T _stext\n"
    "ffffffff81000000 T _text\n"
    "ffffffff81000010 t do_one\n"
    "ffffffff81000040 W do_two\n"
    "ffffffff81000080 D some_data\n"
    "ffffffff810000a0 T do_three\n"
    "ffffffffc0000000 t module_one\t[demo]\n"
    "ffffffffc0000100 t module_two\t[demo]\n"
    "ffffffffc0008000 t bpf_prog_6deef7357e7b4530\t[bpf]\n";

std::string at(const KernelSymbols& symbols, uint64_t address) {
  auto found = symbols.find(address);
  return found ? std::string(found->name) : "";
}

TEST(KernelSymbols, ASymbolReachesToTheNext) {
  auto symbols = KernelSymbols::parse(kText);
  EXPECT_EQ(at(symbols, 0xffffffff80ffffff), "");
  EXPECT_EQ(at(symbols, 0xffffffff81000000), "_text") << "the last one at the address";
  EXPECT_EQ(at(symbols, 0xffffffff81000010), "do_one");
  EXPECT_EQ(at(symbols, 0xffffffff8100003f), "do_one");
  EXPECT_EQ(at(symbols, 0xffffffff81000040), "do_two");
  EXPECT_EQ(at(symbols, 0xffffffff81000080), "") << "data is no code";
  EXPECT_EQ(symbols.find(0xffffffff81000042)->offset, 2U);
  EXPECT_EQ(at(symbols, 0), "");
}

TEST(KernelSymbols, Modules) {
  auto symbols = KernelSymbols::parse(kText);
  EXPECT_EQ(symbols.find(0xffffffff81000010)->module, "");
  EXPECT_EQ(symbols.find(0xffffffffc0000080)->module, "demo");
  EXPECT_EQ(at(symbols, 0xffffffffc0000080), "module_one");
  EXPECT_EQ(symbols.find(0xffffffffc0008000)->module, "bpf");
}

TEST(KernelSymbols, TheLastOfAModuleIsNotLongerThanItsPages) {
  auto symbols = KernelSymbols::parse(kText);
  EXPECT_EQ(at(symbols, 0xffffffff81001fff), "do_three");
  EXPECT_EQ(at(symbols, 0xffffffff81002000), "") << "between the kernel and a module";
  EXPECT_EQ(at(symbols, 0xffffffffc0000200), "module_two");
  EXPECT_EQ(at(symbols, 0xffffffffc0002000), "");
  EXPECT_EQ(at(symbols, UINT64_MAX), "");
}

TEST(KernelSymbols, InAnyOrder) {
  auto symbols = KernelSymbols::parse(
      "ffffffffc0000000 t in_module\t[demo]\n"
      "ffffffff81000010 T second\n"
      "ffffffff81000000 T first\n");
  EXPECT_EQ(at(symbols, 0xffffffff81000000), "first");
  EXPECT_EQ(at(symbols, 0xffffffff81000010), "second");
  EXPECT_EQ(symbols.find(0xffffffff81000010)->module, "");
  EXPECT_EQ(symbols.find(0xffffffffc0000000)->module, "demo");
}

TEST(KernelSymbols, HiddenAddresses) {
  auto symbols = KernelSymbols::parse(
      "0000000000000000 T _text\n"
      "0000000000000000 t module_one\t[demo]\n");
  EXPECT_TRUE(symbols.hidden());
  EXPECT_FALSE(symbols.find(0));
  EXPECT_FALSE(KernelSymbols::parse(kText).hidden());
  EXPECT_FALSE(KernelSymbols::parse("").hidden()) << "there are none";
  EXPECT_FALSE(KernelSymbols::how_to_show().empty());
}

TEST(KernelSymbols, OtherTextIsLeftOut) {
  auto symbols =
      KernelSymbols::parse("\nffffffff81000000\nffffffff81000000 T\nxyz T name\nffffffff81000000 Tname\n");
  EXPECT_EQ(symbols.size(), 0U);
}

TEST(KernelSymbols, OfThisKernel) {
  auto symbols = KernelSymbols::read();
  if (symbols.size() == 0)
    GTEST_SKIP() << "the kernel has none, or hides them: " << KernelSymbols::how_to_show();
  EXPECT_GT(symbols.size(), 10000U);
  EXPECT_LT(symbols.memory_use(), 60 * symbols.size());
}

}  // namespace
}  // namespace rtprof::kernel
