#include <fmt/core.h>
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "cli/command.h"
#include "cli/recording.h"
#include "common/base/error.h"

namespace {

using rtprof::ExitCode;

int report(const rtprof::Error& error) {
  fmt::print(stderr, "rtprof: error: {}\n", error.what());
  if (!error.hint().empty()) fmt::print(stderr, "hint: {}\n", error.hint());
  return static_cast<int>(error.code());
}

int run(int argc, char** argv) {
  CLI::App app("Attaches to running processes and shows where their time goes.", "rtprof");
  app.set_version_flag("-V,--version", "rtprof " RTPROF_VERSION);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);
  rtprof::cli::Action chosen;
  rtprof::cli::add_attach(app, chosen);
  rtprof::cli::add_run(app, chosen);
  rtprof::cli::add_top(app, chosen);
  rtprof::cli::add_dump(app, chosen);
  rtprof::cli::add_ps(app, chosen);
  rtprof::cli::add_doctor(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    throw rtprof::Error(ExitCode::kUsage, error.what(),
                        "rtprof --help and rtprof COMMAND --help list the options");
  }
  return chosen();
}

// Large blocks go back to the kernel when they are freed. By itself the allocator raises its idea of large
// with the blocks it sees, and a recording that runs for hours would keep what it once needed.
void return_large_blocks() {
  constexpr int kLarge = 256 << 10;
  ::mallopt(M_MMAP_THRESHOLD, kLarge);
  ::mallopt(M_TRIM_THRESHOLD, kLarge);
}

}  // namespace

int main(int argc, char** argv) {
  rtprof::cli::note_program_start();
  return_large_blocks();
  try {
    return run(argc, argv);
  } catch (const rtprof::Error& error) {
    return report(error);
  } catch (const std::exception& error) {
    return report(
        rtprof::Error(ExitCode::kFailed, error.what(), "this is a defect of rtprof: please report it"));
  }
}
