#include "common/sampler/recorder.h"

#include <gtest/gtest.h>

#include <thread>

namespace rtprof {
namespace {

// Names stack N "fN", and counts how often it was asked.
class CountingNamer final : public StackNamer {
 public:
  void name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) override {
    ++asked;
    Frame frame;
    frame.function = profile.intern("f" + std::to_string(stack));
    root_first.push_back(profile.intern(frame));
  }
  int asked = 0;
};

RawSample sample_of(uint32_t namer, uint32_t stack, int32_t tid, TimePoint start) {
  RawSample sample;
  sample.thread = {1, tid};
  sample.stack = {namer, stack};
  sample.start = start;
  sample.duration = 10;
  sample.weight = 10;
  return sample;
}

TEST(Recorder, NamesEachStackOnce) {
  auto namer = std::make_shared<CountingNamer>();
  Recorder recorder;
  uint32_t id = recorder.add_namer(namer);
  for (int i = 0; i < 1000; ++i) recorder.sample(sample_of(id, static_cast<uint32_t>(i % 3), 5, i * 10));
  recorder.with_profile([&](Profile& profile) {
    EXPECT_EQ(namer->asked, 3);
    EXPECT_EQ(profile.series(Event::kCpu).total_weight(), 10'000);
    EXPECT_EQ(profile.series(Event::kCpu).total_count(), 1000U);
  });
}

TEST(Recorder, TakesSamplesFromSeveralThreadsWithoutLoss) {
  Recorder recorder;
  uint32_t id = recorder.add_namer(std::make_shared<CountingNamer>());
  constexpr int kSamples = 200'000;
  auto feed = [&](int32_t tid) {
    for (int i = 0; i < kSamples; ++i)
      recorder.sample(sample_of(id, static_cast<uint32_t>(i % 50), tid, i * 10));
  };
  std::thread first(feed, 1);
  std::thread second(feed, 2);
  first.join();
  second.join();
  recorder.with_profile([&](Profile& profile) {
    EXPECT_EQ(profile.series(Event::kCpu).total_weight(), 2LL * kSamples * 10);
    EXPECT_EQ(profile.threads().size(), 2U);
  });
}

TEST(Recorder, ToldNamesReachTheProfile) {
  Recorder recorder;
  recorder.thread_name({7, 8}, "worker");
  recorder.with_profile([&](Profile& profile) {
    ASSERT_EQ(profile.threads().size(), 1U);
    EXPECT_EQ(profile.threads()[0].name, "worker");
  });
}

}  // namespace
}  // namespace rtprof
