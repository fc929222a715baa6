#include "jvm/jfr_recording.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/process/target_root.h"
#include "jvm/attach_listener.h"
#include "jvm/jfr_repository.h"

namespace rtprof::jvm {
namespace {

constexpr Nanoseconds kPatience = 10 * kSecond;

[[noreturn]] void fail(const Process& process, const std::string& why, const std::string& hint,
                       ExitCode code = ExitCode::kFailed) {
  throw Error(code, fmt::format("cannot record process {} by its JVM's own recorder: {}", process.pid(), why),
              hint);
}

std::string ask(const Process& process, const std::string& command) {
  auto reply = say_to_attach_listener(process, {"jcmd", command}, kPatience);
  if (reply) return std::move(reply->text);
  const Failure& failure = reply.failure();
  bool is_denied = failure.error == EPERM || failure.error == EACCES;
  fail(process, failure.message,
       is_denied ? "run rtprof as the user of the JVM, or as root, and where it sees the JVM's /tmp"
                 : "jcmd PID VM.version says whether the JVM answers at all",
       is_denied ? ExitCode::kNotPermitted : ExitCode::kFailed);
}

// The rest of the line that begins so; empty where there is none.
std::string line_after(std::string_view text, std::string_view begin) {
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (line.starts_with(begin)) return std::string(line.substr(begin.size()));
    at = end + 1;
  }
  return "";
}

// Empty where there is none yet.
std::string repository_path(const Process& process) {
  std::string answer = ask(process, "JFR.configure");
  std::string path = line_after(answer, "Repository path: ");
  if (path.starts_with('/')) return path;
  if (path == "N/A") return "";
  bool is_missing = answer.find("Unknown diagnostic command") != std::string::npos ||
                    answer.find("odule jdk.jfr not found") != std::string::npos ||
                    answer.find("ould not be loaded") != std::string::npos;
  if (is_missing) {
    fail(process, "its runtime image has no recorder (module jdk.jfr)",
         "add the module with jlink --add-modules jdk.jfr, or let rtprof use perf or ptrace: rtprof doctor");
  }
  fail(process, fmt::format("it refuses: {}", answer.substr(0, answer.find('\n'))),
       "jcmd PID JFR.configure says more");
}

Result<JfrKeeper> start_keeper(const Process& process, const std::string& tmp_socket, int tmp,
                               const std::string& name) {
  auto status = read_status(process.directory());
  if (!status || !process.alive()) return Failure{"the process has ended", ESRCH};
  JfrKeeper::Command command;
  command.directory = tmp;
  command.socket = tmp_socket;
  command.pid = process.pid();
  command.user = status->effective_uid;
  command.group = status->effective_gid;
  // As say_to_attach_listener() says it: a version, a command and three arguments.
  for (std::string_view word : {std::string_view("1"), std::string_view("jcmd")}) {
    command.request += word;
    command.request += '\0';
  }
  command.request += "JFR.stop name=" + name;
  command.request.append(3, '\0');
  return JfrKeeper::start(command);
}

}  // namespace

JdkVersion ask_version(const Process& process) {
  std::string answer = ask(process, "VM.version");
  std::string text = line_after(answer, "JDK ");
  JdkVersion version;
  version.text = text.substr(0, text.find_first_of(" -+"));
  version.feature = std::atoi(version.text.c_str());
  if (version.feature == 0) fail(process, "it does not tell its version", "jcmd PID VM.version");
  return version;
}

std::string start_command(const std::string& name, const JfrRecording::Settings& settings) {
  std::string command = fmt::format("JFR.start name={} settings=none maxsize=64m", name);
  auto on = [&](std::string_view event, std::string_view setting, const std::string& value) {
    command += fmt::format(" +jdk.{0}#enabled=true +jdk.{0}#{1}={2}", event, setting, value);
  };
  std::string period = fmt::format("{}ms", std::max<Nanoseconds>(settings.period / kMillisecond, 1));
  if (settings.cpu_time) {
    on("CPUTimeSample", "throttle", period);
    command += " +jdk.CPUTimeSamplesLost#enabled=true";
  } else {
    on("ExecutionSample", "period", period);
  }
  if (settings.in_native) on("NativeMethodSample", "period", "20ms");
  if (!settings.waits) return command;
  // HotSpot's own events have a stack and no threshold unless they are told otherwise, those of Java's
  // classes have neither: which of them ThreadSleep is depends on the JDK.
  for (const char* event : {"ThreadPark", "JavaMonitorEnter", "JavaMonitorWait"})
    on(event, "threshold", "0s");
  for (const char* event :
       {"ThreadSleep", "SocketRead", "SocketWrite", "FileRead", "FileWrite", "FileForce"}) {
    on(event, "threshold", "0s");
    command += fmt::format(" +jdk.{}#stackTrace=true", event);
  }
  return command;
}

JfrRecording JfrRecording::start(const Process& process, const Settings& settings) {
  Repository repository;
  if (std::string before = repository_path(process); !before.empty()) {
    auto directory = open_directory_of(process, before);
    if (directory) repository.older = chunk_names(directory->get());
  }
  auto tmp = open_directory_of(process, "/tmp");
  if (!tmp) fail(process, tmp.failure().message, "", ExitCode::kNotPermitted);
  std::string name = fmt::format("rtprof-{}-{}", process.pid(), monotonic_now());
  auto keeper = start_keeper(process, fmt::format(".java_pid{}", process.ns_pid()), tmp->get(), name);
  if (!keeper) fail(process, keeper.failure().message, "");
  std::string answer = ask(process, start_command(name, settings));
  if (answer.find("Started recording") == std::string::npos)
    fail(process, fmt::format("it refuses: {}", answer.substr(0, answer.find('\n'))),
         "jcmd PID JFR.check shows what it records already");
  std::string path = repository_path(process);
  auto directory = open_directory_of(process, path);
  if (!directory) {
    fail(process, fmt::format("its repository cannot be read: {}", directory.failure().message),
         "run rtprof as the user of the JVM, or as root", ExitCode::kNotPermitted);
  }
  repository.directory = std::move(*directory);
  return {std::move(*keeper), std::move(repository)};
}

}  // namespace rtprof::jvm
