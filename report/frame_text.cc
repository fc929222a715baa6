#include "report/frame_text.h"

#include <fmt/core.h>

#include <algorithm>

#include "report/text.h"

namespace rtprof {
namespace {

std::string_view base_name(std::string_view path) {
  size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string python_text(const Profile& profile, const Frame& frame, const ReportOptions& options) {
  std::string_view function = profile.string(frame.function);
  std::string_view file = file_name(profile, frame, options);
  if (file.empty()) return std::string(function);
  if (options.lines.value_or(true) && frame.line > 0) {
    return fmt::format("{} ({}:{})", function, file, frame.line);
  }
  return fmt::format("{} ({})", function, file);
}

// The function, or the binary that it is in when it has no symbol; "[vdso]" and the like have brackets
// already.
std::string function_or_module(const Profile& profile, const Frame& frame) {
  if (frame.function != 0) return std::string(profile.string(frame.function));
  std::string_view module = base_name(profile.string(frame.module));
  if (module.starts_with('[')) return std::string(module);
  return fmt::format("[{}]", module.empty() ? "unknown" : module);
}

// As tools that draw Java's flame graphs know them, at the end of the name.
std::string_view mark_text(JitMark mark) {
  switch (mark) {
    case JitMark::kNone:
      break;
    case JitMark::kInterpreted:
      return "_[0]";
    case JitMark::kC1:
      return "_[1]";
    case JitMark::kC2:
      return "_[j]";
    case JitMark::kInlined:
      return "_[i]";
  }
  return "";
}

std::string raw_text(const Profile& profile, const Frame& frame, const ReportOptions& options) {
  switch (frame.kind) {
    case FrameKind::kPython:
      return python_text(profile, frame, options);
    case FrameKind::kKernel:
      return function_or_module(profile, frame) + "_[k]";
    case FrameKind::kType:
      return fmt::format("{}_[i]", profile.string(frame.function));
    case FrameKind::kUnknown:
      return std::string(profile.string(frame.function));
    case FrameKind::kJava:
    case FrameKind::kGo:
    case FrameKind::kNative:
      break;
  }
  std::string text = function_or_module(profile, frame);
  if (options.lines.value_or(false) && frame.line > 0) text += fmt::format(":{}", frame.line);
  text += mark_text(frame.mark);
  return text;
}

}  // namespace

std::string frame_text(const Profile& profile, const Frame& frame, const ReportOptions& options) {
  return clean_frame_text(raw_text(profile, frame, options));
}

std::string function_name(const Profile& profile, const Frame& frame) {
  return clean_text(function_or_module(profile, frame) + std::string(mark_text(frame.mark)));
}

std::string_view file_name(const Profile& profile, const Frame& frame, const ReportOptions& options) {
  bool whole = options.full_filenames || frame.short_file == 0;
  return profile.string(whole ? frame.file : frame.short_file);
}

std::string place_text(const Profile& profile, const Frame& frame, const ReportOptions& options) {
  std::string_view file = file_name(profile, frame, options);
  if (file.empty()) return frame.function == 0 ? "" : clean_text(base_name(profile.string(frame.module)));
  return clean_text(frame.line > 0 ? fmt::format("{}:{}", file, frame.line) : std::string(file));
}

std::string process_text(const Profile& profile, int32_t pid) {
  auto process = std::find_if(profile.processes.begin(), profile.processes.end(),
                              [&](const ProfiledProcess& p) { return p.pid == pid; });
  if (process == profile.processes.end() || process->command.empty()) return fmt::format("process {}", pid);
  return clean_frame_text(fmt::format("process {}: {}", pid, process->command));
}

std::string thread_text(const ProfiledThread& thread) {
  std::string_view name = thread.name.empty() ? std::string_view("thread") : std::string_view(thread.name);
  // Threads of a language's own, which others carry.
  if (thread.tid < 0) return clean_frame_text(fmt::format("{} vid={}", name, -thread.tid));
  return clean_frame_text(fmt::format("{} tid={}", name, thread.tid));
}

}  // namespace rtprof
