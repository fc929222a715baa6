#pragma once

#include <optional>
#include <set>
#include <string>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/process/process.h"
#include "jvm/jfr_keeper.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

// The first JDK whose recorder makes events complete while they are recorded and takes settings in a command.
constexpr int kFirstWithJfr = 17;
// The first one whose recorder samples by the CPU clocks of threads (JEP 509).
constexpr int kFirstWithCpuTimeSamples = 25;

// The release of a JVM, as it tells itself over its attach listener. Throws Error.
JdkVersion ask_version(const Process& process);

// A recording of the JVM's own recorder, of nothing but what is asked for. It ends with this object, and
// where this program is killed; nothing of it is kept.
class JfrRecording {
 public:
  struct Settings {
    Nanoseconds period = 0;  // between samples of a thread that runs, whole milliseconds
    bool cpu_time = false;   // samples by CPU time, not by elapsed time
    bool in_native = false;  // samples of threads in native methods
    bool waits = false;      // each wait
  };
  // Throws Error for a person.
  static JfrRecording start(const Process& process, const Settings& settings);

  // The JVM's directory of chunks, and the names of those that were there before.
  struct Repository {
    UniqueFd directory;
    std::set<std::string> older;
  };
  Repository take_repository() { return std::move(repository_); }

 private:
  JfrRecording(JfrKeeper keeper, Repository repository)
      : keeper_(std::move(keeper)), repository_(std::move(repository)) {}

  JfrKeeper keeper_;
  Repository repository_;
};

// What is said to start one, at most 1023 bytes, which is what a JVM takes. For tests.
std::string start_command(const std::string& name, const JfrRecording::Settings& settings);

}  // namespace rtprof::jvm
