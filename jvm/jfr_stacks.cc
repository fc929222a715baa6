#include "jvm/jfr_stacks.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace rtprof::jvm {
namespace {

struct NativeWait {
  std::string_view method;
  Reason reason;
};
// Native methods of the JDK in which threads wait (java.base, src/java.base/{share,unix,linux}/classes).
constexpr NativeWait kNativeWaits[] = {
    {"sun/nio/ch/EPoll.wait", Reason::kNetwork},
    {"sun/nio/ch/Net.poll", Reason::kNetwork},
    {"sun/nio/ch/Net.accept", Reason::kNetwork},
    {"sun/nio/ch/Net.connect0", Reason::kNetwork},
    {"sun/nio/ch/SocketDispatcher.read0", Reason::kNetwork},
    {"sun/nio/ch/UnixDomainSockets.accept0", Reason::kNetwork},
    {"sun/nio/ch/DatagramChannelImpl.receive0", Reason::kNetwork},
    {"java/net/PlainSocketImpl.socketAccept", Reason::kNetwork},
    {"java/net/SocketInputStream.socketRead0", Reason::kNetwork},
    {"java/lang/ProcessHandleImpl.waitForProcessExit0", Reason::kChild},
};

Reason native_reason_of(std::string_view method) {
  const auto* found = std::find_if(std::begin(kNativeWaits), std::end(kNativeWaits),
                                   [&](const NativeWait& wait) { return wait.method == method; });
  return found == std::end(kNativeWaits) ? Reason::kOther : found->reason;
}

// JFR does not tell which compiler it was.
JitMark mark_of(JfrFrameKind kind) {
  if (kind == JfrFrameKind::kInterpreted) return JitMark::kInterpreted;
  return kind == JfrFrameKind::kInlined ? JitMark::kInlined : JitMark::kNone;
}

}  // namespace

std::string plain_method_name(std::string name) {
  size_t address = name.find("+0x");
  if (address == std::string::npos) {
    address = name.find("/0x");
    if (address != std::string::npos) name[address] = '+';
    return name;
  }
  // JDK 17: a hash behind it.
  size_t hash = name.find('/', address);
  size_t end = hash == std::string::npos ? hash : name.find_first_not_of("0123456789", hash + 1);
  if (end != std::string::npos && name[end] == '.') name.erase(hash, end - hash);
  return name;
}

uint32_t JfrStacks::intern(const JfrConstants& constants, const JfrTrace* trace) {
  if (trace == nullptr || trace->leaf_first.empty())
    return marks("[unknown: no stack in the JVM's recording]");
  std::vector<std::string> names;
  std::vector<Frames::Part> parts;
  names.reserve(trace->leaf_first.size());
  for (const JfrFrame& frame : trace->leaf_first) {
    auto method = constants.method(frame.method);
    if (!method) return marks("[unknown: Java method that is not in the recording]");
    names.push_back(plain_method_name(std::move(method->name)));
    if (detail_.signatures) names.back() += method->descriptor;
    Frames::Part part{names.back()};
    if (detail_.lines) part.line = std::max(frame.line, 0);
    if (detail_.marks) part.mark = mark_of(constants.frame_kind(frame.kind));
    parts.push_back(part);
  }
  return intern(parts, trace->is_truncated);
}

uint32_t JfrStacks::intern(const PrintedThread& thread) {
  if (thread.leaf_first.empty()) return marks("[native]");
  std::vector<std::string> names;
  std::vector<Frames::Part> parts;
  names.reserve(thread.leaf_first.size());
  for (const PrintedThread::Frame& frame : thread.leaf_first) {
    names.push_back(plain_method_name(frame.method));
    parts.push_back({names.back(), detail_.lines ? frame.line : 0});
  }
  return intern(parts, false);
}

uint32_t JfrStacks::intern(const std::vector<Frames::Part>& leaf_first, bool is_truncated) {
  auto frames = frames_.java(leaf_first);
  if (!frames) return marks("[unknown: more Java code than there is memory for]");
  uint64_t key = static_cast<uint64_t>(*frames) << 1 | (is_truncated ? 1 : 0);
  if (auto known = by_frames_.find(key); known != by_frames_.end()) return known->second;
  Stack stack;
  stack.frames = *frames;
  stack.is_truncated = is_truncated;
  if (is_truncated) stack.root = "[truncated]";
  std::string_view leaf = leaf_first.front().name;
  stack.native_reason = native_reason_of(leaf.substr(0, leaf.find('(')));
  return by_frames_[key] = add(std::move(stack));
}

uint32_t JfrStacks::marks(std::string_view root, std::string_view leaf) {
  std::string key = std::string(root) + '\n' + std::string(leaf);
  if (auto known = by_marks_.find(key); known != by_marks_.end()) return known->second;
  Stack stack;
  stack.root = root;
  stack.leaf = leaf;
  stack.is_unknown = root.starts_with("[unknown");
  return by_marks_[key] = add(std::move(stack));
}

uint32_t JfrStacks::add(Stack stack) {
  bool is_full = stacks_.size() >= kMostStacks && stack.frames != 0;
  if (is_full) return marks("[unknown: more stacks than there is memory for]");
  std::lock_guard lock(mutex_);
  stacks_.push_back(std::move(stack));
  return static_cast<uint32_t>(stacks_.size() - 1);
}

void JfrStacks::name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) {
  std::lock_guard lock(mutex_);
  const Stack& named = stacks_[stack];
  auto push_mark = [&](const std::string& text) {
    if (text.empty()) return;
    Frame frame;
    frame.kind = FrameKind::kUnknown;
    frame.function = profile.intern(text);
    root_first.push_back(profile.intern(frame));
  };
  push_mark(named.root);
  push_mark(named.leaf);
  std::vector<FrameId> leaf_first;
  frames_.name(named.frames, profile, leaf_first);
  root_first.insert(root_first.end(), leaf_first.rbegin(), leaf_first.rend());
}

}  // namespace rtprof::jvm
