#include "common/agent/agent_link.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <thread>
#include <vector>

#include "agents/channel.h"
#include "agents/jvm/start.h"
#include "agents/options.h"
#include "agents/reads.h"
#include "common/agent/agent_memory.h"
#include "common/agent/placed_library.h"

namespace rtprof {
namespace {

using agents::Answer;
using agents::Channel;
using agents::Hello;
using agents::Refusal;
using agents::jvm::Start;

constexpr uint8_t kLibrary[] = {1, 2, 3, 4};

// Both ends in one process: the agent's is on a thread.
class AgentLinkTest : public testing::Test {
 protected:
  AgentLinkTest()
      : process_(Process::open(::getpid())),
        placed_(std::move(*PlacedLibrary::place(process_, kLibrary))),
        link_(std::move(*AgentLink::listen(placed_, process_))),
        ring_(std::move(*SharedRing::make(64 << 10))) {
    EXPECT_TRUE(agents::parse_options(link_.options().c_str(), options_));
    start_.events = agents::jvm::kAllocations;
    start_.allocation_interval = 4096;
  }

  bool say_hello(Channel& channel, const agents::Secret& secret) const {
    Hello hello;
    hello.secret = secret;
    return channel.connect(options_.path) && channel.send(&hello, sizeof hello);
  }
  std::optional<Failure> start() {
    start_.secret = link_.secret();
    std::span bytes(reinterpret_cast<const uint8_t*>(&start_), sizeof start_);
    return link_.start(bytes, ring_, 2 * kSecond);
  }

  Process process_;
  PlacedLibrary placed_;
  AgentLink link_;
  SharedRing ring_;
  agents::Options options_;
  Start start_;
};

TEST_F(AgentLinkTest, AgentIsStartedWithTheRingAndEndsWhenToldTo) {
  bool was_valid = false;
  std::thread agent([&] {
    Channel channel;
    Start wanted;
    int descriptors[2];
    if (!say_hello(channel, options_.secret)) return;
    if (!channel.receive(&wanted, sizeof wanted, descriptors, 2000)) return;
    was_valid = agents::jvm::is_valid(wanted, options_.secret);
    struct stat ours {
    }, theirs{};
    ::fstat(ring_.memory(), &ours);
    ::fstat(descriptors[0], &theirs);
    was_valid = was_valid && ours.st_ino == theirs.st_ino;
    for (int each : descriptors) ::close(each);
    Answer answer;
    channel.send(&answer, sizeof answer);
    agents::jvm::Knowledge knowledge;
    EXPECT_LT(channel.receive(&knowledge, sizeof knowledge, 2000), 0);
    channel.close();
  });
  EXPECT_FALSE(link_.accept(::getpid(), 2 * kSecond));
  EXPECT_FALSE(start());
  link_.end(2 * kSecond);
  agent.join();
  EXPECT_TRUE(was_valid);
}

TEST_F(AgentLinkTest, WhatTheAgentRefusesIsTheFailure) {
  std::thread agent([&] {
    Channel channel;
    Answer answer;
    answer.refusal = Refusal::kOccupied;
    std::strcpy(answer.text, "somebody else is here");
    say_hello(channel, options_.secret);
    channel.send(&answer, sizeof answer);
    channel.close();
  });
  ASSERT_FALSE(link_.accept(::getpid(), 2 * kSecond));
  agent.join();
  auto failure = start();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->message, "somebody else is here");
  EXPECT_EQ(failure->error, EBUSY);
}

// The agent's end.
void serve_reads(const Channel& channel, const agents::Secret& secret, bool is_filtered) {
  union {
    agents::MessageHeader header;
    agents::Read read;
    agents::ReadPlace place;
  } message{};
  agents::Reads reads;
  while (channel.receive(&message, sizeof message, 2000) > 0) {
    if (agents::jvm::is_valid(message.read, secret))
      reads.answer(channel, message.read, agents::OwnMemory(is_filtered));
    else if (agents::jvm::is_valid(message.place, secret))
      reads.answer(channel, message.place);
  }
  reads.close();
}

class AgentReadsTest : public AgentLinkTest, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Filtered, AgentReadsTest, testing::Bool());

TEST_P(AgentReadsTest, ReadsMemoryAndWhereThreadsSleep) {
  std::atomic<pid_t> serving = 0;
  std::thread agent([&] {
    Channel channel;
    serving = ::gettid();
    if (say_hello(channel, options_.secret)) serve_reads(channel, options_.secret, GetParam());
    channel.close();
  });
  EXPECT_FALSE(link_.accept(::getpid(), 2 * kSecond));
  AgentMemory memory(link_);
  std::vector<uint8_t> there(3 * agents::kMostReadBytes + 5), found(there.size());
  for (size_t i = 0; i < there.size(); ++i) there[i] = static_cast<uint8_t>(i * 7);
  auto at = reinterpret_cast<Address>(there.data());
  EXPECT_TRUE(memory.read(at, found.data(), found.size()));
  EXPECT_EQ(found, there);
  EXPECT_FALSE(memory.read(8, found.data(), 8));

  std::vector<uint8_t> parts(1000 * 3);
  std::vector<MemoryRange> ranges;
  for (size_t i = 0; i < 1000; ++i) ranges.push_back({at + 5 * i, parts.data() + 3 * i, 3});
  EXPECT_EQ(memory.read_batch(ranges), 1000u);
  EXPECT_EQ(parts[3 * 999], there[5 * 999]);
  ranges[700].address = 8;
  EXPECT_EQ(memory.read_batch(ranges), 700u);
  ranges[0] = {at, found.data(), there.size()};
  EXPECT_EQ(memory.read_batch({ranges.data(), 2}), 2u);

  // It reads of itself that it reads, SYS_read.
  EXPECT_THAT(link_.read_place(serving).value_or(""), testing::StartsWith("0 0x"));
  EXPECT_FALSE(link_.read_place(1));
  link_.end(2 * kSecond);
  EXPECT_FALSE(memory.read(at, found.data(), 1));
  agent.join();
}

// As that of a target which was stopped.
TEST_F(AgentLinkTest, AnAnswerThatComesLateIsNobodysAndThoseAfterItAreRight) {
  std::thread agent([&] {
    Channel channel;
    if (!say_hello(channel, options_.secret)) return;
    agents::Read read;
    channel.receive(&read, sizeof read, 2000);
    std::this_thread::sleep_for(std::chrono::milliseconds(2500));
    agents::Reads reads;
    reads.answer(channel, read, agents::OwnMemory(false));
    Answer flushed;
    channel.send(&flushed, sizeof flushed);
    serve_reads(channel, options_.secret, false);
    channel.close();
  });
  EXPECT_FALSE(link_.accept(::getpid(), 2 * kSecond));
  AgentMemory memory(link_);
  uint64_t there = 0x0123456789abcdef;
  auto at = reinterpret_cast<Address>(&there);
  EXPECT_FALSE(memory.get<uint64_t>(at));
  EXPECT_FALSE(memory.get<uint64_t>(at));
  EXPECT_TRUE(link_.has_answered(2 * kSecond));
  EXPECT_EQ(memory.get<uint64_t>(at), there);
  link_.end(2 * kSecond);
  agent.join();
}

TEST_F(AgentLinkTest, AnAnswerThatIsLongerThanAllowedIsNone) {
  std::thread agent([&] {
    Channel channel;
    agents::ReadPlace read;
    if (!say_hello(channel, options_.secret) || channel.receive(&read, sizeof read, 2000) <= 0) return;
    std::vector<uint8_t> message(2 * sizeof(agents::Bytes));
    agents::Bytes head;
    head.number = read.number;
    head.ranges = 1;
    head.header.size = static_cast<uint32_t>(message.size());
    head.size = head.header.size - static_cast<uint32_t>(offsetof(agents::Bytes, bytes));
    std::memcpy(message.data(), &head, offsetof(agents::Bytes, bytes));
    channel.send(message.data(), message.size());
    channel.close();
  });
  EXPECT_FALSE(link_.accept(::getpid(), 2 * kSecond));
  EXPECT_FALSE(link_.read_place(1));
  agent.join();
}

TEST_F(AgentLinkTest, AnAnswerThatMakesNoSenseIsNoMemory) {
  std::thread agent([&] {
    Channel channel;
    if (!say_hello(channel, options_.secret)) return;
    for (uint32_t ranges : {9u, 1u}) {
      agents::Read read;
      if (channel.receive(&read, sizeof read, 2000) <= 0) break;
      agents::Bytes bytes;
      bytes.number = read.number;
      bytes.ranges = ranges;
      bytes.size = ranges == 9 ? 4 : agents::kMostReadBytes;
      bytes.header.size = static_cast<uint32_t>(offsetof(agents::Bytes, bytes)) + 4;
      channel.send(&bytes, bytes.header.size);
    }
    channel.close();
  });
  EXPECT_FALSE(link_.accept(::getpid(), 2 * kSecond));
  AgentMemory memory(link_);
  EXPECT_FALSE(memory.get<uint64_t>(4096));
  EXPECT_FALSE(memory.get<uint64_t>(4096));
  agent.join();
}

TEST_F(AgentLinkTest, WhoDoesNotKnowTheSecretIsTurnedAway) {
  Channel forged, mute, agent;
  agents::Secret wrong = options_.secret;
  wrong.bytes[3] ^= 1;
  ASSERT_TRUE(say_hello(forged, wrong));
  ASSERT_TRUE(say_hello(agent, options_.secret));
  EXPECT_FALSE(link_.accept(::getpid(), 2 * kSecond));
  forged.close();
  agent.close();
}

TEST_F(AgentLinkTest, AnotherProcessIsTurnedAway) {
  Channel other;
  ASSERT_TRUE(say_hello(other, options_.secret));
  auto failure = link_.accept(::getppid(), 100 * kMillisecond);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->error, ETIMEDOUT);
  other.close();
}

TEST_F(AgentLinkTest, StartIsChecked) {
  start_.secret = options_.secret;
  EXPECT_TRUE(agents::jvm::is_valid(start_, options_.secret));
  Start bad = start_;
  bad.secret.bytes[0] ^= 1;
  EXPECT_FALSE(agents::jvm::is_valid(bad, options_.secret));
  bad = start_;
  bad.events = 0;
  EXPECT_FALSE(agents::jvm::is_valid(bad, options_.secret));
  bad.events = agents::jvm::kAllEvents + 1;
  EXPECT_FALSE(agents::jvm::is_valid(bad, options_.secret));
  bad = start_;
  bad.allocation_interval = 0;
  EXPECT_FALSE(agents::jvm::is_valid(bad, options_.secret));
  bad = start_;
  bad.thread.stack_base = 4;
  EXPECT_FALSE(agents::jvm::is_valid(bad, options_.secret));
  bad = start_;
  bad.thread.last_fp = 1 << 20;
  EXPECT_FALSE(agents::jvm::is_valid(bad, options_.secret));
}

TEST_F(AgentLinkTest, AgentIsToldMoreWhileItWorks) {
  uint32_t told = 0;
  std::thread agent([&] {
    Channel channel;
    Start wanted;
    int descriptors[2];
    Answer answer;
    agents::jvm::Knowledge knowledge;
    if (!say_hello(channel, options_.secret)) return;
    if (!channel.receive(&wanted, sizeof wanted, descriptors, 2000)) return;
    for (int each : descriptors) ::close(each);
    channel.send(&answer, sizeof answer);
    while (channel.receive(&knowledge, sizeof knowledge, 2000) > 0) {
      if (agents::jvm::is_valid(knowledge, options_.secret)) told += knowledge.chunks.thread_entry;
    }
    channel.close();
  });
  EXPECT_FALSE(link_.accept(::getpid(), 2 * kSecond));
  EXPECT_FALSE(start());
  agents::jvm::Knowledge knowledge;
  auto tell = [&] { link_.tell({reinterpret_cast<const uint8_t*>(&knowledge), sizeof knowledge}); };
  knowledge.chunks.thread_entry = 8;
  tell();  // without the secret
  knowledge.secret = link_.secret();
  knowledge.chunks.thread_entry = 16;
  tell();
  link_.end(2 * kSecond);
  agent.join();
  EXPECT_EQ(told, 16u);
}

TEST(AgentOptionsTest, AreASecretAndAPath) {
  agents::Options options;
  EXPECT_TRUE(agents::parse_options("000102030405060708090a0b0c0d0eff,/tmp/a,b", options));
  EXPECT_EQ(options.secret.bytes[15], 0xff);
  EXPECT_STREQ(options.path, "/tmp/a,b");
  EXPECT_FALSE(agents::parse_options("", options));
  EXPECT_FALSE(agents::parse_options("000102030405060708090a0b0c0d0eff", options));
  EXPECT_FALSE(agents::parse_options("000102030405060708090a0b0c0d0eff,", options));
  EXPECT_FALSE(agents::parse_options("000102030405060708090a0b0c0d0e0,/tmp", options));
  EXPECT_FALSE(
      agents::parse_options(("000102030405060708090a0b0c0d0eff," + std::string(108, 'a')).c_str(), options));
}

TEST_F(AgentLinkTest, LibraryIsForItsUserAloneAndGoneAfterwards) {
  struct stat facts {};
  ASSERT_EQ(::stat(placed_.library().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_size, sizeof kLibrary);
  EXPECT_EQ(facts.st_mode & 0777, 0500u);
  std::string directory = placed_.library().substr(0, placed_.library().rfind('/'));
  ASSERT_EQ(::stat(directory.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700u);
  placed_.remove();
  EXPECT_NE(::stat(directory.c_str(), &facts), 0);
}

TEST(FileKeeperTest, FollowsNoLink) {
  std::string place = testing::TempDir() + "/keeper-XXXXXX";
  ASSERT_NE(::mkdtemp(place.data()), nullptr);
  UniqueFd parent(::open(place.c_str(), O_RDONLY | O_DIRECTORY));
  ASSERT_EQ(::mkdirat(parent.get(), "other", 0700), 0);
  UniqueFd file(::openat(parent.get(), "other/kept", O_CREAT | O_WRONLY, 0600));
  ASSERT_TRUE(file.valid());
  auto keeper = FileKeeper::start({parent.get(), "ours", {"kept"}});
  ASSERT_TRUE(keeper);
  ASSERT_EQ(::symlinkat("other", parent.get(), "ours"), 0);
  keeper->remove();
  EXPECT_EQ(::faccessat(parent.get(), "other/kept", F_OK, 0), 0);
  ::unlinkat(parent.get(), "ours", 0);
  ::unlinkat(parent.get(), "other/kept", 0);
  ::unlinkat(parent.get(), "other", AT_REMOVEDIR);
  ::rmdir(place.c_str());
}

}  // namespace
}  // namespace rtprof
