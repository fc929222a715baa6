#include "native/demangle.h"

#include <gtest/gtest.h>

#include "native/itanium_name.h"
#include "native/rust_demangle.h"

namespace rtprof::native {
namespace {

// Texts as `perf report` and `c++filt --no-params --no-verbose` show them.
TEST(Demangle, CppWithoutParameters) {
  EXPECT_EQ(demangle("_ZN2ns5plainENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEi"), "ns::plain");
  EXPECT_EQ(demangle("_ZNK2ns3BoxIlE4spinERKSt6vectorIlSaIlEEi"), "ns::Box<long>::spin");
  EXPECT_EQ(demangle("_ZNK2ns3BoxIlEcvbEv"), "ns::Box<long>::operator bool");
  EXPECT_EQ(demangle("_Z6freefnIlZ4mainEUllE_ET_S1_T0_"), "freefn<long, main::{lambda(long)#1}>");
  EXPECT_EQ(demangle("_ZNSt17_Function_handlerIFliEZ4mainEUliE0_E9_M_invokeERKSt9_Any_dataOi"),
            "std::_Function_handler<long (int), main::{lambda(int)#2}>::_M_invoke");
  EXPECT_EQ(demangle("_ZN3FooC2Ev"), "Foo::Foo");
  EXPECT_EQ(demangle("_ZN3FooD0Ev"), "Foo::~Foo");
  EXPECT_EQ(demangle("_Znwm"), "operator new");
  EXPECT_EQ(demangle("_ZdlPvm"), "operator delete");
  EXPECT_EQ(demangle("_ZN12_GLOBAL__N_13runEv"), "(anonymous namespace)::run");
  EXPECT_EQ(demangle("_ZlsRSoRK3Foo"), "operator<<");
  EXPECT_EQ(demangle("_ZNKR3Foo3getEv"), "Foo::get");
  EXPECT_EQ(demangle("_ZSt4cout"), "std::cout");
  EXPECT_EQ(demangle("_ZN3FoocvT_IiEEv"), "Foo::operator int<int>");
}

TEST(Demangle, CppLocalNames) {
  EXPECT_EQ(demangle("_ZZ3runvENKUlvE_clEv"), "run()::{lambda()#1}::operator()");
  EXPECT_EQ(demangle("_ZZN2ns3runEiENKUliE0_clEi"), "ns::run(int)::{lambda(int)#2}::operator()");
  EXPECT_EQ(demangle("_ZZ3runIiEvT_ENKUlvE_clEv"), "run<int>(int)::{lambda()#1}::operator()");
  EXPECT_EQ(demangle("_ZZN3Foo3runEvENK5Local3getEv"), "Foo::run()::Local::get");
}

TEST(Demangle, CppSpecialNamesAreWhole) {
  EXPECT_EQ(demangle("_ZThn16_N3Foo3runEi"), "non-virtual thunk to Foo::run(int)");
  EXPECT_EQ(demangle("_ZTv0_n24_N3FooD1Ev"), "virtual thunk to Foo::~Foo()");
  EXPECT_EQ(demangle("_ZTV3Foo"), "vtable for Foo");
  EXPECT_EQ(demangle("_ZGVZ3runvE5cache"), "guard variable for run()::cache");
}

TEST(Demangle, ClonesOfCppFunctionsHaveItsName) {
  EXPECT_EQ(demangle("_ZN2ns3runEi.isra.0"), "ns::run");
  EXPECT_EQ(demangle("_ZN2ns3runEi.cold"), "ns::run");
  EXPECT_EQ(demangle("_ZThn16_N3Foo3runEi.part.0"), "non-virtual thunk to Foo::run(int)");
}

TEST(Demangle, OtherNamesStayAsTheyAre) {
  for (const char* name : {"main", "_start", "run.cold", "_Z", "_Zxyz!", "_ZN", "_R", "_RNv", "i", ""})
    EXPECT_EQ(demangle(name), name);
}

// Each type is a pair of the one before: the text would be longer than there is memory.
TEST(Demangle, ANameThatExpandsWithoutBoundsStaysAsItIs) {
  std::string name = "_Z1fISt4pairIiiE";
  name += "S_IS0_S0_E";
  for (char c = '1'; c <= '9'; ++c) {
    std::string previous = {'S', c, '_'};
    name.append("S_I").append(previous).append(previous).append("E");
  }
  for (char c = 'A'; c <= 'Z'; ++c) {
    std::string previous = {'S', c, '_'};
    name.append("S_I").append(previous).append(previous).append("E");
  }
  name += "EvT_";
  EXPECT_EQ(demangle(name), name);
}

TEST(Demangle, ANameThatEndsBehindTheText) {
  EXPECT_EQ(demangle("_ZThn16_N3FN3Foo3r."), "_ZThn16_N3FN3Foo3r.");
  EXPECT_EQ(demangle("_ZN9FooE"), "_ZN9FooE");
}

TEST(Demangle, DeepNestingStaysAsItIs) {
  std::string name = "_Z1fI" + std::string(100000, 'P') + "iEvv";
  EXPECT_EQ(demangle(name), name);
}

TEST(WithoutParameters, LeavesAMangledName) {
  EXPECT_EQ(without_parameters("_ZNK2ns3Box4spinEi"), "_ZN2ns3Box4spinE");
  EXPECT_EQ(without_parameters("_ZZ3runvENKUlvE_clEv"), "_ZZ3runvENUlvE_clE");
  EXPECT_FALSE(without_parameters("main"));
  EXPECT_FALSE(without_parameters("_ZN2ns3Bo"));
}

TEST(DemangleRust, Legacy) {
  EXPECT_EQ(demangle("_ZN4demo5inner10P$LT$T$GT$4spin17hb6645fc27789fdf2E"), "demo::inner::P<T>::spin");
  EXPECT_EQ(
      demangle("_ZN59_$LT$$u5b$u8$u3b$$u20$3$u5d$$u20$as$u20$demo..inner..Tr$GT$2go17h9d762441283ad1d6E"),
      "<[u8; 3] as demo::inner::Tr>::go");
  EXPECT_EQ(demangle("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE.llvm.123"), "core::fmt::Formatter::pad");
  EXPECT_EQ(demangle("_ZN3foo17h05af221e174051e9E"), "foo");
}

TEST(DemangleRust, WhatOnlyLooksLikeAHashIsACppName) {
  EXPECT_EQ(demangle("_ZN3foo17h0000000000000000E"), "foo::h0000000000000000");
  EXPECT_FALSE(demangle_rust("_ZN3foo3barEv"));
}

struct RustName {
  const char* symbol;
  const char* path;
};

class RustV0Test : public testing::TestWithParam<RustName> {};

TEST_P(RustV0Test, Path) {
  EXPECT_EQ(demangle(GetParam().symbol), GetParam().path);
}

// By the grammar of https://doc.rust-lang.org/rustc/symbol-mangling/v0.html.
INSTANTIATE_TEST_SUITE_P(
    Names, RustV0Test,
    testing::Values(RustName{"_RNvC4demo4main", "demo::main"},
                    RustName{"_RNvCs1234_4demo4main", "demo::main"},
                    RustName{"_RNvNtC4demo5inner4spin", "demo::inner::spin"},
                    RustName{"_RNvC4demo4main.llvm.123", "demo::main"},
                    RustName{"_RNvC4demo4mainCs1_5other", "demo::main"},
                    RustName{"_RNCNvC4demo4main0", "demo::main::{closure#0}"},
                    RustName{"_RNCNvC4demo4mains0_0", "demo::main::{closure#2}"},
                    RustName{"_RNSNvC4demo4main6vtable", "demo::main::{shim:vtable#0}"},
                    RustName{"_RNvMC4demoNtB2_3Box4spin", "<demo::Box>::spin"},
                    RustName{"_RNvMs_C4demoINtB4_3BoxmE4spin", "<demo::Box<u32>>::spin"},
                    RustName{"_RNvXC4demoAhj3_NtB2_2Tr2go", "<[u8; 3] as demo::Tr>::go"},
                    RustName{"_RNvXC4demoReNtB2_2Tr2go", "<&str as demo::Tr>::go"},
                    RustName{"_RNvYShNtC4demo2Tr2go", "<[u8] as demo::Tr>::go"},
                    RustName{"_RINvC4demo4callmQhE", "demo::call::<u32, &mut u8>"},
                    RustName{"_RINvC4demo4callNCNvB2_4main0E", "demo::call::<demo::main::{closure#0}>"},
                    RustName{"_RINvC4demo1fTmhETmEuzE", "demo::f::<(u32, u8), (u32,), (), !>"},
                    RustName{"_RINvC4demo1fPmOhE", "demo::f::<*const u32, *mut u8>"},
                    RustName{"_RINvC4demo1fFmhEbE", "demo::f::<fn(u32, u8) -> bool>"},
                    RustName{"_RINvC4demo1fFUKCmEuE", "demo::f::<unsafe extern \"C\" fn(u32)>"},
                    RustName{"_RINvC4demo1fFK8sysv_abiEuE", "demo::f::<extern \"sysv-abi\" fn()>"},
                    RustName{"_RINvC4demo1fFG_RL0_hEuE", "demo::f::<for<'a> fn(&'a u8)>"},
                    RustName{"_RINvC4demo1fDNtB2_2TrEL_E", "demo::f::<dyn demo::Tr>"},
                    RustName{"_RINvC4demo1fDINtB2_2TrmEp3OuthEL_E", "demo::f::<dyn demo::Tr<u32, Out = u8>>"},
                    RustName{"_RINvC4demo1fDNtB2_2Trp3OuthEL_E", "demo::f::<dyn demo::Tr<Out = u8>>"},
                    RustName{"_RINvC4demo1fKj10_Kin8_Kb1_Kc41_KpE", "demo::f::<16, -8, true, 'A', _>"},
                    RustName{"_RINvC4demo1fKo123456789abcdef01_E", "demo::f::<0x123456789abcdef01>"},
                    RustName{"_RINvC4demo1fL_E", "demo::f::<'_>"},
                    RustName{"_RNvC4demou8gdel_5qa",
                             "demo::g\xc3\xb6"
                             "del"},
                    RustName{"_RNvC4demo3_1a_", "demo::1a_"}));

TEST(DemangleRust, V0ThatIsDamaged) {
  for (const char* symbol :
       {"_RNvC4demo9main", "_RNvB_4main", "_RNvB0_4main", "_RNvC99999999999999999999demo4main", "_RNvC4demo",
        "_RINvC4demo1fKb2_E", "_RINvC4demo1fRL5_hE", "_R1NvC4demo4main"}) {
    EXPECT_FALSE(demangle_rust(symbol)) << symbol;
    EXPECT_EQ(demangle(symbol), symbol);
  }
  EXPECT_FALSE(demangle_rust("_RIC1a" + std::string(100000, 'R') + "hE"));
}

// Each argument is the list before it, twice.
TEST(DemangleRust, V0ThatExpandsWithoutBounds) {
  std::string symbol = "_RIC1aThhE";
  size_t previous = 4;
  for (int i = 0; i < 26; ++i) {
    size_t here = symbol.size() - 2;
    std::string reference = "B";
    size_t value = previous - 1;
    constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    std::string digits;
    for (; digits.empty() || value != 0; value /= 62) digits.insert(digits.begin(), kDigits[value % 62]);
    reference += digits + "_";
    symbol.append("T").append(reference).append(reference).append("E");
    previous = here;
  }
  symbol += "E";
  EXPECT_FALSE(demangle_rust(symbol));
}

}  // namespace
}  // namespace rtprof::native
