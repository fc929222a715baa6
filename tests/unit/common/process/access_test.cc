#include "common/process/access.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace rtprof {
namespace {

constexpr uint64_t bit(Capability capability) {
  return uint64_t{1} << static_cast<int>(capability);
}

Credentials user(uint32_t id, uint64_t capabilities = 0) {
  return {id, id, id, id, id, id, capabilities, capabilities};
}

// A user's own process, as the kernel sees it without Yama.
AccessFacts own_process() {
  AccessFacts facts;
  facts.ours = user(1000);
  facts.target = user(1000);
  return facts;
}

TEST(Access, AnotherUsersProcessNeedsRoot) {
  AccessFacts facts = own_process();
  facts.target = user(0);
  Denial denial = explain_denial(facts);
  EXPECT_NE(denial.reason.find("belongs to user root"), std::string::npos) << denial.reason;
  EXPECT_NE(denial.fix.find("sudo rtprof"), std::string::npos) << denial.fix;
  EXPECT_NE(denial.fix.find("cap_sys_ptrace"), std::string::npos) << denial.fix;
}

TEST(Access, InAContainerTheFixIsItsOption) {
  AccessFacts facts = own_process();
  facts.target = user(33);
  facts.ours = user(0);
  facts.in_container = true;
  EXPECT_NE(explain_denial(facts).fix.find("--cap-add SYS_PTRACE"), std::string::npos);
}

TEST(Access, RootWithoutTheCapabilityIsNotToldToBecomeRoot) {
  AccessFacts facts = own_process();
  facts.target = user(33);
  facts.ours = user(0);
  EXPECT_EQ(explain_denial(facts).fix.find("sudo"), std::string::npos);
}

TEST(Access, SavedAndRealIdsCount) {
  AccessFacts facts = own_process();
  facts.target.saved_uid = 0;
  EXPECT_NE(explain_denial(facts).reason.find("identity of another user"), std::string::npos);
}

TEST(Access, CapabilitiesOfTheTargetCount) {
  AccessFacts facts = own_process();
  facts.target.permitted = bit(Capability::kBpf);
  EXPECT_NE(explain_denial(facts).reason.find("capabilities"), std::string::npos);
}

TEST(Access, NotDumpable) {
  AccessFacts facts = own_process();
  facts.target_dumpable = false;
  EXPECT_NE(explain_denial(facts).reason.find("dumped"), std::string::npos);
}

TEST(Access, YamaByScope) {
  AccessFacts facts = own_process();
  facts.yama_scope = 1;
  Denial restricted = explain_denial(facts);
  EXPECT_NE(restricted.reason.find("ptrace_scope is 1"), std::string::npos);
  EXPECT_NE(restricted.fix.find("sysctl kernel.yama.ptrace_scope=0"), std::string::npos);

  facts.target_is_descendant = true;
  EXPECT_EQ(explain_denial(facts).reason.find("Yama"), std::string::npos);

  facts.yama_scope = 2;
  EXPECT_NE(explain_denial(facts).reason.find("ptrace_scope is 2"), std::string::npos);

  facts.ours = user(1000, bit(Capability::kSysPtrace));
  EXPECT_EQ(explain_denial(facts).reason.find("Yama"), std::string::npos);

  facts.yama_scope = 3;
  Denial forbidden = explain_denial(facts);
  EXPECT_NE(forbidden.reason.find("everybody"), std::string::npos);
  EXPECT_NE(forbidden.fix.find("boot"), std::string::npos);
}

TEST(Access, UserNamespaces) {
  AccessFacts facts = own_process();
  facts.same_user_namespace = false;
  EXPECT_NE(explain_denial(facts).reason.find("user namespace"), std::string::npos);
}

TEST(Access, SeccompComesFirst) {
  AccessFacts facts = own_process();
  facts.target = user(0);
  facts.own_memory_readable = false;
  EXPECT_NE(explain_denial(facts).reason.find("seccomp"), std::string::npos);
}

TEST(Access, WhatIsLeftIsASecurityModule) {
  EXPECT_NE(explain_denial(own_process()).reason.find("security module"), std::string::npos);
}

TEST(Access, OurOwnMemoryIsOpen) {
  EXPECT_TRUE(memory_permitted(::getpid()));
  EXPECT_FALSE(memory_denial(::getpid()));
  EXPECT_FALSE(pause_denial(::getpid()));
}

}  // namespace
}  // namespace rtprof
