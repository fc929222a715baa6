#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "cli/diagnosis.h"
#include "report/text.h"

namespace rtprof::cli {
namespace {

using Mark = Finding::Mark;

struct DoctorOptions {
  pid_t pid = 0;
  bool json = false;
};

const char* mark_word(Mark mark) {
  switch (mark) {
    case Mark::kOk:
      return "ok";
    case Mark::kLimited:
      return "limited";
    case Mark::kNo:
      return "no";
  }
  return "";
}

void print_findings(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    fmt::print("  {:<8} {:<10} {}\n", mark_word(finding.mark), finding.check, clean_text(finding.text));
    if (!finding.fix.empty()) fmt::print("  {:<8} {:<10} fix: {}\n", "", "", finding.fix);
  }
}

std::string findings_json(const std::vector<Finding>& findings) {
  std::string out = "[";
  for (const Finding& finding : findings) {
    out += fmt::format(R"({}{{"check":"{}","status":"{}","finding":{},"fix":{}}})",
                       out.size() == 1 ? "" : ",", finding.check, mark_word(finding.mark),
                       json_string(finding.text), finding.fix.empty() ? "null" : json_string(finding.fix));
  }
  return out + "]";
}

void print_json(const MachineDiagnosis& machine, const Process* process, const TargetDiagnosis& target) {
  fmt::print(R"({{"machine":{})", findings_json(machine.findings));
  if (process != nullptr) {
    fmt::print(R"(,"target":{{"pid":{},"command":{},"runtime":{},"version":{},"tested":{},"mechanism":{},)",
               process->pid(), json_string(process->command()),
               target.runtime.empty() ? "null" : json_string(target.runtime),
               target.version.empty() ? "null" : json_string(target.version), target.tested,
               target.mechanism ? fmt::format("\"{}\"", mechanism_name(*target.mechanism)) : "null");
    fmt::print(R"("findings":{}}})", findings_json(target.findings));
  }
  fmt::print("}}\n");
}

bool works(const MachineDiagnosis& machine) {
  for (const Finding& finding : machine.findings) {
    if (finding.mark == Mark::kNo) return false;
  }
  return true;
}

ExitCode doctor(const DoctorOptions& options) {
  std::optional<Process> process;
  if (options.pid != 0) process = Process::open(options.pid);
  MachineDiagnosis machine = diagnose_machine();
  TargetDiagnosis target;
  if (process) target = diagnose_target(*process, machine);
  if (options.json) {
    print_json(machine, process ? &*process : nullptr, target);
  } else {
    fmt::print("This machine\n");
    print_findings(machine.findings);
    if (process) {
      fmt::print("\nProcess {}: {}\n", process->pid(), clean_text(process->command()));
      print_findings(target.findings);
    }
  }
  if (process) return target.status;
  return works(machine) ? ExitCode::kOk : ExitCode::kNotPermitted;
}

}  // namespace

void add_doctor(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App* command =
      app.add_subcommand("doctor", "Say what this machine and a process allow, and how to allow more");
  command->add_option("-p,--pid", options->pid, "a process to look at, too")->type_name("PID");
  command->add_flag("--json", options->json, "as JSON");
  command->callback(
      [options, &chosen] { chosen = [options] { return static_cast<int>(doctor(*options)); }; });
}

}  // namespace rtprof::cli
