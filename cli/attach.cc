#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/record_job.h"
#include "cli/record_options.h"
#include "cli/recording.h"
#include "cli/signals.h"
#include "common/base/error.h"

namespace rtprof::cli {
namespace {

struct AttachOptions {
  std::vector<pid_t> pids;
  bool all = false;
  RecordOptions record;
};

void check_targets(const AttachOptions& options) {
  if (options.all && (!options.pids.empty() || options.record.subprocesses)) {
    throw Error(ExitCode::kUsage, "--all is the whole machine", "leave out --pid and --subprocesses");
  }
  if (!options.all && options.pids.empty()) {
    throw Error(ExitCode::kUsage, "--pid is required",
                "rtprof ps lists the processes that can be profiled; --all is the whole machine");
  }
}

int attach(AttachOptions& options) {
  check_targets(options);
  std::sort(options.pids.begin(), options.pids.end());
  options.pids.erase(std::unique(options.pids.begin(), options.pids.end()), options.pids.end());
  RecordJob job(options.record, options.all ? "all" : std::to_string(options.pids.front()));
  StopOnSignal signals;
  Recording recording(job.plan(), options.record.subprocesses, options.record.quiet);
  if (options.all) recording.add_machine();
  for (pid_t pid : options.pids) recording.add(pid);
  job.record(recording, signals.stopped());
  if (!options.all && recording.samples() == 0 && recording.all_ended()) {
    throw Error(ExitCode::kTargetEnded, "the target ended before the first sample",
                "start programs that end soon with rtprof run");
  }
  job.write(recording, options.all || options.pids.size() > 1);
  return static_cast<int>(ExitCode::kOk);
}

}  // namespace

void add_attach(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<AttachOptions>();
  CLI::App* command = app.add_subcommand("attach", "Profile running processes and write the result");
  command->add_option("-p,--pid", options->pids, "process to profile; may repeat")->type_name("PID");
  command->add_flag("--all", options->all, "the whole machine, as native code");
  add_record_options(*command, options->record);
  command->callback([options, &chosen] { chosen = [options] { return attach(*options); }; });
}

}  // namespace rtprof::cli
