#include "jvm/attach_denial.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <string>
#include <vector>

namespace rtprof::jvm {
namespace {

// A process with a command line and an environment; what it runs matters to nobody.
class Started {
 public:
  Started(std::vector<std::string> arguments, std::vector<std::string> environment) {
    std::string script = "kill -STOP $$";
    arguments.insert(arguments.begin(), {"java", "-c", script});
    auto argv = pointers(arguments), envp = pointers(environment);
    EXPECT_EQ(::posix_spawn(&pid_, "/bin/sh", nullptr, nullptr, argv.data(), envp.data()), 0);
    ::waitpid(pid_, nullptr, WUNTRACED);
  }
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;
  ~Started() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  std::string denial() const {
    auto denial = attach_denial(Process::open(pid_), nullptr);
    return denial ? denial->reason : "";
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> found;
    found.reserve(words.size() + 1);
    for (std::string& each : words) found.push_back(each.data());
    found.push_back(nullptr);
    return found;
  }

  pid_t pid_ = 0;
};

constexpr const char* kDisabled = "this JVM was started with -XX:+DisableAttachMechanism";
// Nothing of its options forbids it.
constexpr const char* kStopped = "the process is stopped";

TEST(AttachDenialTest, OptionsCountWhereHotSpotTakesThem) {
  EXPECT_EQ(Started({}, {"JAVA_TOOL_OPTIONS=-Xmx9m -XX:+DisableAttachMechanism"}).denial(), kDisabled);
  EXPECT_EQ(Started({}, {"_JAVA_OPTIONS=-XX:+DisableAttachMechanism"}).denial(), kDisabled);
  EXPECT_EQ(Started({}, {"MAVEN_OPTS=-XX:+DisableAttachMechanism"}).denial(), kStopped);
  // Behind the script, as behind a main class.
  EXPECT_EQ(Started({"-XX:+DisableAttachMechanism"}, {}).denial(), kStopped);
}

TEST(AttachDenialTest, TheLastOptionHolds) {
  EXPECT_EQ(
      Started({}, {"JAVA_TOOL_OPTIONS=-XX:+DisableAttachMechanism -XX:-DisableAttachMechanism"}).denial(),
      kStopped);
  EXPECT_EQ(Started({}, {"_JAVA_OPTIONS=-XX:-DisableAttachMechanism",
                         "JAVA_TOOL_OPTIONS=-XX:+DisableAttachMechanism"})
                .denial(),
            kStopped);
}

}  // namespace
}  // namespace rtprof::jvm
