#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace rtprof::cli {

// What the chosen command does; set by its callback while the command line is parsed.
// Returns the exit status: an ExitCode, or that of a program that rtprof ran.
using Action = std::function<int()>;

// Each adds its command to the program; a file a command.
void add_attach(CLI::App& app, Action& chosen);
void add_run(CLI::App& app, Action& chosen);
void add_top(CLI::App& app, Action& chosen);
void add_dump(CLI::App& app, Action& chosen);
void add_ps(CLI::App& app, Action& chosen);
void add_doctor(CLI::App& app, Action& chosen);

}  // namespace rtprof::cli
