#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "cli/child.h"
#include "cli/command.h"
#include "cli/record_job.h"
#include "cli/record_options.h"
#include "cli/recording.h"
#include "cli/registry.h"
#include "cli/signals.h"
#include "common/base/error.h"

namespace rtprof::cli {
namespace {

// What an interpreter takes at most, from exec until its runtime is mapped.
constexpr Nanoseconds kRuntimeStart = 50 * kMillisecond;

struct RunOptions {
  std::vector<std::string> command;
  RecordOptions record;
};

// Attaches as soon as the program's runtime is up. When none has come for a while it is native code, which is
// recorded from its start on. False when the program ended before, or `stop` was set.
bool add_when_ready(Recording& recording, const Child& child, const std::atomic<bool>& stop) {
  TimePoint native_from = monotonic_now() + kRuntimeStart;
  recording.begin_as_native(child.pid());
  while (!child.ended() && !stop) {
    try {
      bool is_runtime = find_runtime(Process::open(child.pid())).has_value();
      if (is_runtime || monotonic_now() >= native_from) {
        if (!recording.end_as_native(!is_runtime)) recording.add(child.pid());
        return true;
      }
    } catch (const Error& error) {
      if (error.code() == ExitCode::kNotPermitted || error.code() == ExitCode::kUsage) throw;
    }
    // The runtime is not mapped yet, or a wrapper has still to execute it.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

int run(const RunOptions& options) {
  // The pid in the name of the output is that of rtprof itself: the program's is not known before it runs.
  RecordJob job(options.record, std::to_string(::getpid()));
  StopOnSignal signals;
  Recording recording(job.plan(), options.record.subprocesses, options.record.quiet);
  Child child(options.command);
  if (!add_when_ready(recording, child, signals.stopped())) {
    throw Error(ExitCode::kTargetEnded,
                fmt::format("{} ended with status {} before it could be profiled", options.command.front(),
                            child.wait()),
                "a program must run for some 50 ms; for one that starts others add --subprocesses");
  }
  recording.follow_execs(child.pid());
  job.record(recording, signals.stopped());
  job.write(recording, false);
  return child.wait();
}

}  // namespace

void add_run(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "Start a program and profile it");
  command->add_option("COMMAND", options->command, "the program and its arguments, after --")
      ->required()
      ->type_name("")
      ->expected(-1);
  command->positionals_at_end();
  add_record_options(*command, options->record);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace rtprof::cli
