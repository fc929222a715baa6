#include "cli/outputs.h"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>

#include "common/base/error.h"
#include "common/base/file.h"
#include "report/report.h"
#include "report/stats_json.h"

namespace rtprof::cli {
namespace {

std::string directory_of(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string base_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// Nothing recorded is lost: what cannot go where it should goes to the temporary directory.
[[noreturn]] void rescue(const std::string& path, const Fill& fill, const Failure& failure) {
  const char* configured = std::getenv("TMPDIR");
  std::string elsewhere =
      std::string(configured != nullptr && *configured != '\0' ? configured : "/tmp") + "/" + base_of(path);
  if (elsewhere != path && write_file_atomically(elsewhere, fill)) {
    throw Error(ExitCode::kFailed, fmt::format("cannot write {}: {}", path, errno_text(failure.error)),
                fmt::format("the recording was saved as {} instead", elsewhere));
  }
  throw Error(ExitCode::kFailed,
              fmt::format("cannot write {} nor {}: {}", path, elsewhere, errno_text(failure.error)),
              "make room, or name another place with -o or TMPDIR, and record again");
}

void write(const std::string& path, const Fill& fill) {
  auto written = path == "-" ? write_all(STDOUT_FILENO, fill) : write_file_atomically(path, fill);
  if (written) return;
  const Failure& failure = written.failure();
  if (failure.error == 0) throw Error(ExitCode::kFailed, failure.message);
  if (path == "-") {
    throw Error(ExitCode::kFailed, "cannot write to standard output: " + errno_text(failure.error));
  }
  rescue(path, fill, failure);
}

void render_to(const std::string& path, const Profile& profile, Format format, const ReportOptions& report,
               std::vector<std::string>& written) {
  write(path, [&](Sink& out) { return render(profile, format, report, out); });
  written.push_back(path);
}

// One file, or one an event where the format holds only one.
void write_events(const std::string& path, const Profile& profile, Format format, const ReportOptions& report,
                  const std::vector<Event>& events, std::vector<std::string>& written) {
  if (events.size() == 1 || holds_several_events(format)) {
    ReportOptions one = report;
    if (events.size() == 1) one.event = events.front();
    render_to(path, profile, format, one, written);
    return;
  }
  for (Event event : events) {
    ReportOptions one = report;
    one.event = event;
    render_to(path_for_event(path, event), profile, format, one, written);
  }
}

}  // namespace

std::string default_output(const SamplingPlan& plan, const std::string& target, Format format) {
  std::string events;
  for (Event event : plan.events) events += (events.empty() ? "" : "+") + std::string(event_name(event));
  std::time_t now = std::time(nullptr);
  return fmt::format("rtprof-{}-{}-{:%Y%m%dT%H%M%S}{}", target, events, fmt::localtime(now),
                     format_ending(format));
}

void check_output(const std::string& path) {
  if (path.empty() || path == "-") return;
  std::string directory = directory_of(path);
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    throw Error(ExitCode::kFailed, fmt::format("cannot write {}: there is no directory {}", path, directory),
                fmt::format("make it (mkdir -p {}), or name another file with -o", directory));
  }
  if (::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    throw Error(ExitCode::kFailed, fmt::format("cannot write {}: it is a directory", path),
                "name a file with -o");
  }
  int error = ::access(directory.c_str(), W_OK) == 0 ? 0 : errno;
  if (error != 0 && ::access(path.c_str(), W_OK) != 0) {
    throw Error(ExitCode::kFailed, fmt::format("cannot write {}: {}", path, errno_text(error)),
                "name a file in a directory of yours with -o");
  }
}

void check_events(const SamplingPlan& plan, Format format, const std::string& output) {
  if (output == "-" && plan.events.size() > 1 && !holds_several_events(format)) {
    throw Error(ExitCode::kUsage,
                fmt::format("{} holds one event, and standard output one file", format_name(format)),
                "record one event, name a file with -o, or choose html, pprof or speedscope with -f");
  }
}

std::vector<std::string> write_outputs(const Profile& profile, const RecordOptions& options,
                                       const ReportOptions& report, const std::string& output,
                                       Format format) {
  std::vector<Event> events = plan_of(options).events;
  std::vector<std::string> written;
  write_events(output, profile, format, report, events, written);
  if (options.per_process && output != "-") {
    for (const ProfiledProcess& process : profile.processes) {
      ReportOptions one = report;
      one.pid = process.pid;
      one.processes = false;
      write_events(path_for_process(output, process.pid), profile, format, one, events, written);
    }
  }
  if (!options.stats.empty()) {
    write(options.stats, [&](Sink& out) {
      out.write(render_stats(profile));
      return Result<bool>(true);
    });
  }
  return written;
}

}  // namespace rtprof::cli
