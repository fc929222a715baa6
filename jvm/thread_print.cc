#include "jvm/thread_print.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace rtprof::jvm {
namespace {

constexpr size_t kDeepest = 2048;

template <typename Number>
Number number_in(std::string_view text, int base = 10) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, base);
  return number;
}

// "nid=0x303c" up to JDK 20, "nid=12345" from then on. A name is in quotes before it and may hold anything.
int64_t tid_of(std::string_view line) {
  size_t at = line.rfind(" nid=");
  if (at == std::string_view::npos) return 0;
  line.remove_prefix(at + 5);
  if (line.starts_with("0x")) return number_in<int64_t>(line.substr(2), 16);
  return number_in<int64_t>(line);
}

Reason reason_of(std::string_view state) {
  if (state.find("(sleeping)") != std::string_view::npos) return Reason::kSleep;
  bool runs = state.find(": RUNNABLE") != std::string_view::npos;
  return runs ? Reason::kNone : Reason::kLock;
}

// "java.util.HashMap.get(java.base@17.0.1/HashMap.java:574)"
PrintedThread::Frame frame_of(std::string_view text) {
  size_t open = std::min(text.find('('), text.size());
  PrintedThread::Frame frame;
  frame.method = text.substr(0, open);
  size_t dot = frame.method.rfind('.');
  if (dot != std::string::npos) std::replace(frame.method.begin(), frame.method.begin() + dot, '.', '/');
  size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && colon > open)
    frame.line = std::max(number_in<int32_t>(text.substr(colon + 1)), 0);
  return frame;
}

}  // namespace

std::vector<PrintedThread> parse_thread_print(std::string_view text) {
  constexpr std::string_view kState = "   java.lang.Thread.State: ", kFrame = "\tat ";
  std::vector<PrintedThread> threads;
  bool is_in_thread = false;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (line.starts_with('"')) {
      PrintedThread thread;
      thread.tid = tid_of(line);
      is_in_thread = thread.tid > 0;
      if (is_in_thread) threads.push_back(std::move(thread));
    } else if (line.empty()) {
      is_in_thread = false;
    } else if (is_in_thread && line.starts_with(kState)) {
      threads.back().reason = reason_of(line.substr(kState.size() - 2));
    } else if (is_in_thread && line.starts_with(kFrame) && threads.back().leaf_first.size() < kDeepest) {
      threads.back().leaf_first.push_back(frame_of(line.substr(kFrame.size())));
    }
  }
  return threads;
}

}  // namespace rtprof::jvm
