#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/registry.h"
#include "common/process/access.h"
#include "common/process/container.h"
#include "common/process/credentials.h"
#include "common/process/process.h"
#include "report/text.h"

namespace rtprof::cli {
namespace {

struct PsOptions {
  bool all = false;
  bool json = false;
};

struct Row {
  pid_t pid = 0;
  std::string runtime;
  std::string version;  // empty when not known
  std::string vendor;   // of a JDK; empty when not known
  bool tested = false;
  bool permitted = true;
  std::string problem;  // why it cannot be profiled; empty when it can
  std::string program;  // a main class or jar; empty when the command tells
  std::string command;
  std::string user;
  std::string container;  // empty for none
};

// Nothing for a process that is not to be listed; `closed` then counts it if it might be, with more rights.
std::optional<Row> row_of(pid_t pid, bool all, size_t& closed) {
  auto process = Process::try_open(pid);
  if (!process || pid == ::getpid()) return std::nullopt;
  auto match = find_runtime(*process);
  if (match ? !match->detection.permitted : !memory_permitted(pid)) ++closed;
  if (!match && !all) return std::nullopt;
  Row row;
  row.pid = pid;
  row.runtime = match ? match->runtime->name : "native";
  if (match) {
    row.version = match->detection.version;
    row.vendor = match->detection.vendor;
    row.program = match->detection.program;
    row.tested = match->detection.tested;
    row.permitted = match->detection.permitted;
    row.problem = match->detection.unsupported;
  }
  row.command = process->command();
  row.user = user_name(process->effective_uid());
  row.container = container_of(pid);
  return row;
}

std::string json_or_null(const std::string& text) {
  return text.empty() ? "null" : json_string(text);
}

void print_json(const std::vector<Row>& rows) {
  std::string out = "[";
  for (const Row& row : rows) {
    out += fmt::format(
        R"({}{{"pid":{},"runtime":"{}","version":{},"vendor":{},"tested":{},"program":{},"command":{},"user":{},"container":{},"problem":{}}})",
        out.size() == 1 ? "\n" : ",\n", row.pid, row.runtime, json_or_null(row.version),
        json_or_null(row.vendor), row.tested, json_or_null(row.program), json_string(row.command),
        json_string(row.user), json_or_null(row.container), json_or_null(row.problem));
  }
  fmt::print("{}\n]\n", out);
}

std::string version_text(const Row& row) {
  if (row.version.empty()) return "-";
  std::string remarks = clean_text(row.vendor);
  if (!row.tested && row.problem.empty()) remarks += remarks.empty() ? "untested" : ", untested";
  return remarks.empty() ? row.version : fmt::format("{} ({})", row.version, remarks);
}

// Columns that a line may have; no limit where standard output is no terminal.
size_t line_width() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) == 0 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
    return std::string::npos;
  }
  return size.ws_col;
}

// The first `width` bytes, without a cut through a character.
std::string_view cut(std::string_view text, size_t width) {
  if (text.size() <= width) return text;
  while (width > 0 && (text[width] & 0xc0) == 0x80) --width;
  return text.substr(0, width);
}

void print_table(const std::vector<Row>& rows) {
  constexpr std::array<const char*, 5> kTitles{"PID", "RUNTIME", "VERSION", "USER", "CONTAINER"};
  std::vector<std::array<std::string, kTitles.size()>> table;
  std::array<size_t, kTitles.size()> widths{};
  for (size_t i = 0; i < kTitles.size(); ++i) widths[i] = std::string_view(kTitles[i]).size();
  for (const Row& row : rows) {
    table.push_back({std::to_string(row.pid), row.runtime, version_text(row), clean_text(row.user),
                     row.container.empty() ? "-" : clean_text(row.container)});
    for (size_t i = 0; i < kTitles.size(); ++i) widths[i] = std::max(widths[i], table.back()[i].size());
  }
  size_t limit = line_width();
  auto print_line = [&](const auto& cells, const std::string& last) {
    std::string line = fmt::format("{:>{}}", cells[0], widths[0]);
    for (size_t i = 1; i < kTitles.size(); ++i) line += fmt::format("  {:<{}}", cells[i], widths[i]);
    line += "  " + last;
    fmt::print("{}\n", cut(line, limit));
  };
  print_line(kTitles, "COMMAND");
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    std::string problem = row.permitted ? clean_text(row.problem) : "not permitted";
    if (!problem.empty()) problem = fmt::format("[{}] ", problem);
    std::string program = row.program.empty() ? "" : fmt::format("{}: ", clean_text(row.program));
    print_line(table[i], problem + program + clean_text(row.command));
  }
}

ExitCode ps(const PsOptions& options) {
  std::vector<pid_t> pids = all_pids();
  std::sort(pids.begin(), pids.end());
  std::vector<Row> rows;
  size_t closed = 0;
  for (pid_t pid : pids) {
    if (auto row = row_of(pid, options.all, closed)) rows.push_back(std::move(*row));
  }
  if (options.json) {
    print_json(rows);
  } else if (rows.empty()) {
    fmt::print("no process that rtprof can profile\n");
  } else {
    print_table(rows);
  }
  Credentials ours = own_credentials();
  if (closed != 0 && !ours.has(Capability::kSysPtrace)) {
    fmt::print(stderr, "rtprof: {} process{} closed to user {}: as root, rtprof ps looks into all\n", closed,
               closed == 1 ? " is" : "es are", user_name(ours.effective_uid));
  }
  return ExitCode::kOk;
}

}  // namespace

void add_ps(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<PsOptions>();
  CLI::App* command = app.add_subcommand("ps", "List the processes that can be profiled");
  command->add_flag("--all", options->all, "also processes without a known runtime");
  command->add_flag("--json", options->json, "as JSON");
  command->callback([options, &chosen] { chosen = [options] { return static_cast<int>(ps(*options)); }; });
}

}  // namespace rtprof::cli
