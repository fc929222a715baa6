#include "report/collapsed.h"

#include <gtest/gtest.h>

#include "tests/unit/report/profiles.h"

namespace rtprof {
namespace {

constexpr Nanoseconds kPeriod = kSecond / 99;

struct Collapsed : testing::Test {
  Profile profile;
  ReportOptions options;
  StackId top = profile.push(0, python_frame(profile, "main", "a.py", 1));
  StackId left = profile.push(top, python_frame(profile, "left", "a.py", 2));
  StackId right = profile.push(top, python_frame(profile, "right", "a.py", 3));

  Collapsed() { profile.rate = 99; }
  std::string render(Event event) {
    View view(profile, options);
    return text_of([&](Sink& out) { write_collapsed(out, view, profile.series(event)); });
  }
};

TEST_F(Collapsed, WeighsSamplingPeriods) {
  for (int i = 0; i < 5; ++i) profile.series(Event::kCpu).add(sample_of(profile, 1, left, kPeriod));
  profile.series(Event::kCpu).add(sample_of(profile, 1, top, kPeriod));
  EXPECT_EQ(render(Event::kCpu), "main (a.py:1) 1\nmain (a.py:1);left (a.py:2) 5\n");
}

TEST_F(Collapsed, AWaitOfASecondWeighsTheRate) {
  profile.series(Event::kWall).add(sample_of(profile, 1, left, kSecond));
  EXPECT_EQ(render(Event::kWall), "main (a.py:1);left (a.py:2) 99\n");
}

TEST_F(Collapsed, TotalWeighsNanoseconds) {
  options.total = true;
  profile.series(Event::kCpu).add(sample_of(profile, 1, left, 123'456'789));
  EXPECT_EQ(render(Event::kCpu), "main (a.py:1);left (a.py:2) 123456789\n");
}

TEST_F(Collapsed, OtherEventsKeepTheirUnit) {
  for (Event event : {Event::kAlloc, Event::kLock, Event::kOffCpu}) {
    profile.series(event).add(sample_of(profile, 1, left, 512));
    EXPECT_EQ(render(event), "main (a.py:1);left (a.py:2) 512\n");
  }
}

// Each sample is a third of a period, on stacks of their own: none may vanish from the sum.
TEST_F(Collapsed, RemaindersAreCarried) {
  for (int i = 0; i < 300; ++i) {
    StackId stack = profile.push(i % 2 ? left : right, python_frame(profile, "f", "b.py", 100 + i));
    profile.series(Event::kWall).add(sample_of(profile, 1, stack, kPeriod / 3));
  }
  std::string text = render(Event::kWall);
  int left_sum = 0;
  int right_sum = 0;
  for (size_t at = 0; at < text.size();) {
    size_t end = text.find('\n', at);
    std::string line = text.substr(at, end - at);
    int& sum = line.find("left") != std::string::npos ? left_sum : right_sum;
    sum += std::stoi(line.substr(line.rfind(' ')));
    at = end + 1;
  }
  EXPECT_EQ(left_sum + right_sum, 100);
  EXPECT_NEAR(left_sum, 50, 1);
}

TEST_F(Collapsed, RootsComeInTheirOrder) {
  profile.processes.push_back({100, "python app.py"});
  profile.set_thread_name(100, 5, "MainThread");
  options.processes = options.threads = true;
  Sample sample = sample_of(profile, 5, top, kSecond);
  sample.reason = Reason::kRunnable;
  profile.series(Event::kWall).add(sample);
  profile.series(Event::kCpu).add(sample);
  EXPECT_EQ(render(Event::kWall),
            "process 100: python app.py;MainThread tid=5;[runnable];main (a.py:1) 99\n");
  EXPECT_EQ(render(Event::kCpu), "process 100: python app.py;MainThread tid=5;main (a.py:1) 99\n")
      << "cpu has no reasons";
}

TEST_F(Collapsed, KeepsAndDropsByGlob) {
  profile.series(Event::kCpu).add(sample_of(profile, 1, left, kSecond));
  profile.series(Event::kCpu).add(sample_of(profile, 1, right, kSecond));
  options.include = {"left"};
  EXPECT_EQ(render(Event::kCpu), "main (a.py:1);left (a.py:2) 99\n") << "by function";
  options.include = {"* (a.py:3)"};
  EXPECT_EQ(render(Event::kCpu), "main (a.py:1);right (a.py:3) 99\n") << "by displayed text";
  options.include = {"main"};
  options.exclude = {"ri*"};
  EXPECT_EQ(render(Event::kCpu), "main (a.py:1);left (a.py:2) 99\n");
  options.exclude = {"main"};
  EXPECT_EQ(render(Event::kCpu), "");
}

TEST_F(Collapsed, AnEmptyStackIsNotLost) {
  profile.series(Event::kCpu).add(sample_of(profile, 1, 0, kSecond));
  EXPECT_EQ(render(Event::kCpu), "[unknown: empty stack] 99\n");
}

TEST_F(Collapsed, ReverseTurnsTheStackAndKeepsTheRoots) {
  options.threads = options.reverse = true;
  profile.series(Event::kCpu).add(sample_of(profile, 1, left, kSecond));
  EXPECT_EQ(render(Event::kCpu), "thread tid=1;left (a.py:2);main (a.py:1) 99\n");
}

TEST_F(Collapsed, OneProcessOnly) {
  profile.series(Event::kCpu).add(sample_of(profile, 1, left, kSecond));
  options.pid = 101;
  EXPECT_EQ(render(Event::kCpu), "");
  options.pid = 100;
  EXPECT_EQ(render(Event::kCpu), "main (a.py:1);left (a.py:2) 99\n");
}

}  // namespace
}  // namespace rtprof
