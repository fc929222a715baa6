#include "report/dump_text.h"

#include <fmt/core.h>

#include <algorithm>

#include "report/text.h"

namespace rtprof {
namespace {

// "python" → "Python"
std::string capitalized(std::string_view word) {
  if (word == "jvm") return "Java";
  std::string text(word);
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

class Writer {
 public:
  Writer(const ThreadDump& dump, bool full_filenames) : dump_(dump), full_filenames_(full_filenames) {}

  void thread(const DumpedThread& thread) {
    std::string state(thread_state_name(thread.state));
    // What the runtime calls it says more than that the thread sleeps, or looks at a lock now and then.
    if (!thread.wait_reason.empty()) state = clean_text(thread.wait_reason);
    if (thread.holds_gil.value_or(false)) state += "+gil";
    if (thread.approximate) state += ", approximate";
    std::string id = thread.tid ? std::to_string(*thread.tid) : "-";
    std::string daemon = thread.is_daemon.value_or(false) ? " daemon" : "";
    out_ += fmt::format("\nThread {} ({}): \"{}\"{}\n", id, state, clean_text(thread.name), daemon);
    if (!thread.carries.empty()) out_ += fmt::format("    carries {}\n", clean_text(thread.carries));
    if (!thread.waiting_for.empty()) out_ += "    " + wait_of(thread) + "\n";
    frames(thread.frames);
  }

  void task(const DumpedTask& task) {
    std::string where = task.tid ? fmt::format(", thread {}", *task.tid) : "";
    out_ += fmt::format("\nTask \"{}\" ({}{}): {}\n", clean_text(task.name), task.state, where,
                        clean_text(task.coroutine));
    frames(task.frames);
    if (!task.awaits.empty()) out_ += fmt::format("    awaits {}\n", clean_text(task.awaits));
    for (const std::string& waiter : task.awaited_by)
      out_ += fmt::format("    awaited by \"{}\"\n", clean_text(waiter));
  }

  void deadlock(const std::vector<size_t>& cycle) {
    out_ += fmt::format("\nDeadlock of {} threads:\n", cycle.size());
    for (size_t i = 0; i < cycle.size(); ++i) {
      const DumpedThread& thread = dump_.threads[cycle[i]];
      out_ += fmt::format("    {} {}\n", name_of(thread),
                          thread.waiting_for.empty()
                              ? "waits for " + name_of(dump_.threads[cycle[(i + 1) % cycle.size()]])
                              : wait_of(thread));
    }
  }

  void line(const std::string& text) { out_ += text + "\n"; }
  std::string take() { return std::move(out_); }

 private:
  static std::string name_of(const DumpedThread& thread) {
    std::string name = fmt::format("\"{}\"", clean_text(thread.name));
    return thread.tid ? fmt::format("{} (thread {})", name, *thread.tid) : name;
  }

  std::string wait_of(const DumpedThread& thread) const {
    std::string text = "waits for " + clean_text(thread.waiting_for);
    return thread.held_by ? text + ", held by " + name_of(dump_.threads[*thread.held_by]) : text;
  }

  void frames(const std::vector<DumpedFrame>& frames) {
    for (const DumpedFrame& frame : frames) {
      out_ += "    " + clean_text(frame.function);
      std::string_view file = full_filenames_ || frame.short_file.empty() ? frame.file : frame.short_file;
      if (!file.empty() && frame.line > 0) {
        out_ += fmt::format(" ({}:{})", clean_text(file), frame.line);
      } else if (!file.empty()) {
        out_ += fmt::format(" ({})", clean_text(file));
      } else if (frame.line > 0) {
        out_ += fmt::format(":{}", frame.line);
      }
      out_ += '\n';
      variables(frame.variables, true, "Arguments");
      variables(frame.variables, false, "Locals");
    }
  }

  void variables(const std::vector<DumpedVariable>& all, bool arguments, std::string_view title) {
    bool titled = false;
    for (const DumpedVariable& variable : all) {
      if (variable.argument != arguments) continue;
      if (!titled) out_ += fmt::format("        {}:\n", title);
      titled = true;
      out_ += fmt::format("            {}: {}\n", clean_text(variable.name), clean_text(variable.value));
    }
  }

  const ThreadDump& dump_;
  bool full_filenames_;
  std::string out_;
};

}  // namespace

std::string dump_text(const ThreadDump& dump, bool full_filenames) {
  Writer writer(dump, full_filenames);
  writer.line(fmt::format("Process {}: {}", dump.pid, clean_text(dump.command)));
  std::string version = dump.version.empty() ? "" : " v" + dump.version;
  writer.line(fmt::format("{}{} ({})", capitalized(dump.runtime), version, clean_text(dump.program)));
  for (const DumpedThread& thread : dump.threads) writer.thread(thread);
  for (const DumpedTask& task : dump.tasks) writer.task(task);
  for (const auto& cycle : dump.deadlocks) writer.deadlock(cycle);
  return writer.take();
}

}  // namespace rtprof
