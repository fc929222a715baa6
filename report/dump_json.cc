#include "report/dump_json.h"

#include <fmt/core.h>

#include "report/text.h"

namespace rtprof {
namespace {

std::string_view kind_name(FrameKind kind) {
  switch (kind) {
    case FrameKind::kPython:
      return "python";
    case FrameKind::kJava:
      return "java";
    case FrameKind::kGo:
      return "go";
    case FrameKind::kNative:
      return "native";
    case FrameKind::kKernel:
      return "kernel";
    case FrameKind::kType:
      return "type";
    case FrameKind::kUnknown:
      return "unknown";
  }
  return {};
}

std::string text_or_null(std::string_view text) {
  return text.empty() ? "null" : json_string(text);
}

template <typename T>
std::string number_or_null(const std::optional<T>& number) {
  return number ? fmt::format("{}", *number) : "null";
}

// "[a,b]", of what `write` makes of each.
template <typename Items, typename Write>
std::string array(const Items& items, std::string_view separator, Write write) {
  std::string out = "[";
  for (const auto& item : items) {
    if (out.size() > 1) out += ',';
    out += separator;
    out += write(item);
  }
  return out + "]";
}

class Writer {
 public:
  Writer(const ThreadDump& dump, bool full_filenames, bool variables)
      : dump_(dump), full_filenames_(full_filenames), variables_(variables) {}

  std::string thread(const DumpedThread& thread) const {
    std::string out = fmt::format(R"({{"tid":{},"name":{},"state":"{}")", number_or_null(thread.tid),
                                  text_or_null(thread.name), thread_state_name(thread.state));
    if (thread.holds_gil) out += fmt::format(R"(,"holds_gil":{})", *thread.holds_gil);
    if (thread.is_daemon) out += fmt::format(R"(,"daemon":{})", *thread.is_daemon);
    if (!thread.wait_reason.empty()) out += R"(,"wait_reason":)" + json_string(thread.wait_reason);
    if (!thread.waiting_for.empty()) out += R"(,"waiting_for":)" + json_string(thread.waiting_for);
    if (thread.held_by) out += R"(,"held_by":)" + holder(dump_.threads[*thread.held_by]);
    if (!thread.carries.empty()) out += R"(,"carries":)" + json_string(thread.carries);
    if (thread.approximate) out += R"(,"approximate":true)";
    return out + R"(,"frames":)" + frames(thread.frames) + "}";
  }

  std::string task(const DumpedTask& task) const {
    return fmt::format(
        R"({{"name":{},"state":"{}","tid":{},"coroutine":{},"awaits":{},"awaited_by":{},"frames":{}}})",
        json_string(task.name), task.state, number_or_null(task.tid), text_or_null(task.coroutine),
        text_or_null(task.awaits),
        array(task.awaited_by, "", [](const std::string& name) { return json_string(name); }),
        frames(task.frames));
  }

 private:
  static std::string holder(const DumpedThread& thread) {
    return fmt::format(R"({{"tid":{},"name":{}}})", number_or_null(thread.tid), text_or_null(thread.name));
  }

  std::string frames(const std::vector<DumpedFrame>& frames) const {
    return array(frames, "\n   ", [this](const DumpedFrame& each) { return frame(each); });
  }

  std::string frame(const DumpedFrame& frame) const {
    std::string_view file = full_filenames_ || frame.short_file.empty() ? frame.file : frame.short_file;
    std::string out = fmt::format(R"({{"function":{},"file":{},"line":{},"module":{},"kind":"{}")",
                                  json_string(frame.function), text_or_null(file),
                                  frame.line > 0 ? std::to_string(frame.line) : "null",
                                  text_or_null(frame.module), kind_name(frame.kind));
    if (!variables_) return out + "}";
    return out + R"(,"locals":)" +
           array(frame.variables, "",
                 [](const DumpedVariable& variable) {
                   return fmt::format(R"({{"name":{},"value":{},"argument":{}}})", json_string(variable.name),
                                      json_string(variable.value), variable.argument);
                 }) +
           "}";
  }

  const ThreadDump& dump_;
  bool full_filenames_;
  bool variables_;
};

}  // namespace

std::string dump_json(const ThreadDump& dump, bool full_filenames, bool variables) {
  Writer writer(dump, full_filenames, variables);
  std::string out = fmt::format(R"({{"pid":{},"runtime":"{}","version":"{}","command":{})", dump.pid,
                                dump.runtime, dump.version, json_string(dump.command));
  out += R"(,"deadlocks":)" + array(dump.deadlocks, "", [&](const std::vector<size_t>& cycle) {
           return array(cycle, "", [&](size_t index) { return number_or_null(dump.threads[index].tid); });
         });
  out +=
      ",\n \"tasks\":" + array(dump.tasks, "\n  ", [&](const DumpedTask& task) { return writer.task(task); });
  out += ",\n \"threads\":" +
         array(dump.threads, "\n  ", [&](const DumpedThread& thread) { return writer.thread(thread); });
  out += ",\n \"notes\":" + array(dump.notes, "", [](const std::string& note) { return json_string(note); });
  return out + "}";
}

}  // namespace rtprof
