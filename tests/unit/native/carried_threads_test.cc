#include "native/carried_threads.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace rtprof::native {
namespace {

constexpr pid_t kPid = 10;
constexpr pid_t kCarrier = 11;
constexpr uint64_t kDeep = 5;  // stacks
constexpr uint64_t kIdle = 6;

class CarriedThreadsTest : public testing::Test {
 protected:
  void met(uint64_t stack, uint64_t id, std::string name) {
    CarriedThread carried{id, std::move(name)};
    threads_.met(kCarrier, stack, &carried);
  }
  // By their ids, as they were told.
  std::vector<std::pair<int32_t, std::string>> named() {
    return recorder_.with_profile([](Profile& profile) {
      std::vector<std::pair<int32_t, std::string>> all;
      for (const ProfiledThread& thread : profile.threads()) all.emplace_back(thread.tid, thread.name);
      return all;
    });
  }

  Recorder recorder_;
  CarriedThreads threads_{kPid, recorder_};
};

TEST_F(CarriedThreadsTest, HaveTheTimeThatTheirCarrierSpendsWithTheirStacks) {
  met(kDeep, 42, "job-7");
  threads_.met(kCarrier, kIdle, nullptr);
  EXPECT_EQ(threads_.owner(kCarrier, kDeep), -42);
  EXPECT_EQ(threads_.owner(kCarrier, kIdle), kCarrier);
  EXPECT_EQ(threads_.owner(kCarrier + 1, kDeep), kCarrier + 1);
  EXPECT_EQ(named(), (std::vector<std::pair<int32_t, std::string>>{{-42, "job-7"}}));
}

TEST_F(CarriedThreadsTest, GiveASharedStackToWhoWasMetWithItLast) {
  met(kDeep, 42, "job-7");
  met(kDeep, 43, "job-8");
  EXPECT_EQ(threads_.owner(kCarrier, kDeep), -43);
  threads_.met(kCarrier, kDeep, nullptr);
  EXPECT_EQ(threads_.owner(kCarrier, kDeep), kCarrier);
}

TEST_F(CarriedThreadsTest, MayGetTheirNamesLater) {
  met(kDeep, 42, "");
  met(kDeep, 42, "job-7");
  met(kDeep, 42, "");
  EXPECT_EQ(named(), (std::vector<std::pair<int32_t, std::string>>{{-42, "job-7"}}));
}

TEST_F(CarriedThreadsTest, AreShownAsTheirCarriersWhereTheyAreTooManyOrTheirIdIsTooLarge) {
  met(kDeep, uint64_t{std::numeric_limits<int32_t>::max()} + 1, "late");
  EXPECT_EQ(threads_.owner(kCarrier, kDeep), kCarrier);
  for (uint64_t id = 1; id <= 20'001; ++id) met(kDeep, id, "job");
  EXPECT_EQ(threads_.owner(kCarrier, kDeep), kCarrier);
  met(kDeep, 20'000, "job");
  EXPECT_EQ(threads_.owner(kCarrier, kDeep), -20'000);
}

}  // namespace
}  // namespace rtprof::native
