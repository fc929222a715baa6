#include "common/sampler/thread_namer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "common/process/procfs.h"

namespace rtprof {
namespace {

class FakeNames final : public RuntimeThreadNames {
 public:
  std::unordered_map<pid_t, std::string> read(std::span<const pid_t>) override {
    ++reads;
    return names;
  }
  std::unordered_map<pid_t, std::string> names;
  int reads = 0;
};

// Of the one thread of this process that is asked about: its id is the process's.
class ThreadNamerTest : public testing::Test {
 protected:
  std::string recorded() {
    return recorder_.with_profile([](Profile& profile) {
      return profile.threads().empty() ? std::string() : std::string(profile.threads()[0].name);
    });
  }
  // Later than any wait between two looks.
  void look_again() { namer_.update(now_ += kSecond * 3600 + monotonic_now()); }

  const pid_t pid_ = getpid();
  Recorder recorder_;
  std::shared_ptr<FakeNames> names_ = std::make_shared<FakeNames>();
  ThreadNamer namer_{pid_, recorder_, names_};
  TimePoint now_ = 0;
};

TEST_F(ThreadNamerTest, HasTheKernelsNameUntilTheProgramHasOne) {
  namer_.add(pid_);
  look_again();
  EXPECT_EQ(recorded(), kernel_thread_name(pid_, pid_));
  names_->names[pid_] = "worker for orders";
  look_again();
  EXPECT_EQ(recorded(), "worker for orders");
}

TEST_F(ThreadNamerTest, LooksNoMoreOnceNamed) {
  names_->names[pid_] = "worker";
  namer_.add(pid_);
  for (int i = 0; i < 5; ++i) look_again();
  EXPECT_EQ(names_->reads, 1);
}

TEST_F(ThreadNamerTest, GivesUpOnAThreadThatTheProgramDoesNotName) {
  namer_.add(pid_);
  for (int i = 0; i < 9; ++i) look_again();
  EXPECT_EQ(names_->reads, 4);
}

TEST_F(ThreadNamerTest, NamesAreTakenAnewAtTheEnd) {
  names_->names[pid_] = "first";
  namer_.add(pid_);
  look_again();
  names_->names[pid_] = "second";
  namer_.update_all(std::vector<pid_t>{pid_});
  EXPECT_EQ(recorded(), "second");
}

TEST_F(ThreadNamerTest, ALookThatFailsTakesNoNameAway) {
  names_->names[pid_] = "worker";
  namer_.add(pid_);
  look_again();
  names_->names.clear();
  namer_.update_all(std::vector<pid_t>{pid_});
  EXPECT_EQ(recorded(), "worker");
}

TEST_F(ThreadNamerTest, NeedsNoRuntime) {
  ThreadNamer plain(pid_, recorder_, nullptr);
  plain.add(pid_, "told");
  EXPECT_EQ(recorded(), "told");
  plain.update_all(std::vector<pid_t>{pid_});
  EXPECT_EQ(recorded(), kernel_thread_name(pid_, pid_));
}

}  // namespace
}  // namespace rtprof
