#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/record_options.h"
#include "cli/registry.h"
#include "common/base/error.h"
#include "common/base/file.h"
#include "common/process/process.h"
#include "report/dump_json.h"
#include "report/dump_text.h"

namespace rtprof::cli {
namespace {

struct Options {
  std::vector<pid_t> pids;
  DumpOptions dump;
  bool json = false;
  bool full_filenames = false;
};

ThreadDump take(pid_t pid, const DumpOptions& options) {
  Process process = Process::open(pid);
  return require_target(process).runtime->dump(process, options);
}

// For people, beside the dump: what it should be read with.
void print_notes(const ThreadDump& dump) {
  for (const std::string& note : dump.notes) fmt::print(stderr, "rtprof: note: {}\n", note);
  if (dump.pauses.empty()) return;
  Nanoseconds longest = *std::max_element(dump.pauses.begin(), dump.pauses.end());
  fmt::print(stderr, "rtprof: held a thread {}, for {} µs {}\n",
             dump.pauses.size() == 1 ? "once" : fmt::format("{} times", dump.pauses.size()),
             longest / kMicrosecond, dump.pauses.size() == 1 ? "in all" : "at most");
}

int dump(const Options& options) {
  std::string out;
  for (size_t i = 0; i < options.pids.size(); ++i) {
    ThreadDump taken = take(options.pids[i], options.dump);
    if (i != 0) out += options.json ? ",\n" : "\n";
    out += options.json ? dump_json(taken, options.full_filenames, options.dump.variables)
                        : dump_text(taken, options.full_filenames);
    print_notes(taken);
  }
  if (options.json && options.pids.size() > 1) out = "[" + out + "]";
  if (options.json) out += '\n';
  auto written = write_all(STDOUT_FILENO, out);
  if (!written) throw Error(ExitCode::kFailed, "cannot write the dump: " + written.failure().message);
  return static_cast<int>(ExitCode::kOk);
}

}  // namespace

void add_dump(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("dump", "Show once what every thread of a process does");
  command->add_option("-p,--pid", options->pids, "process to look at; may repeat")
      ->required()
      ->type_name("PID");
  command->add_flag("--locals", options->dump.variables, "also arguments and local variables");
  command->add_flag("-n,--native", options->dump.native, kNativeHelp);
  command->add_flag("--json", options->json, "as JSON");
  command->add_flag("--full-filenames", options->full_filenames, "whole paths");
  command->add_flag("--nonblocking", options->dump.nonblocking,
                    "never hold a thread, not even for a moment; what runs is read approximately");
  command->callback([options, &chosen] { chosen = [options] { return dump(*options); }; });
}

}  // namespace rtprof::cli
