#include "jvm/java_frames.h"

#include <string>

namespace rtprof::jvm {
namespace {

// Of compiled code. Those that are in use are found again soon after all were forgotten.
constexpr size_t kMostPlaces = 1 << 17;

// Wrappers of native methods are neither the interpreter's nor a compiler's.
JitMark mark_of(const CodeBlob& blob) {
  constexpr int32_t kLowestC1 = 1;
  constexpr int32_t kHighestC1 = 3;
  constexpr int32_t kC2 = 4;
  if (blob.level >= kLowestC1 && blob.level <= kHighestC1) return JitMark::kC1;
  return blob.level == kC2 ? JitMark::kC2 : JitMark::kNone;
}

}  // namespace

JavaFrames::JavaFrames(const Memory& memory, const Layout& layout, const FrameDetail& detail)
    : detail_(detail), methods_(memory, layout, detail.signatures), scopes_(memory, layout) {}

void JavaFrames::begin_batch(bool readable, TimePoint now) {
  methods_.begin_batch(readable, now);
  if (compiled_.size() >= kMostPlaces) compiled_.clear();
}

int32_t JavaFrames::line_of(const JavaMethod& method, int32_t bci) {
  return detail_.lines ? methods_.line_of(method, bci) : 0;
}

std::optional<uint32_t> JavaFrames::frame_of(std::span<const Frames::Part> leaf_first) {
  auto frame = frames_.java(leaf_first);
  if (!frame) problem_ = "[unknown: more Java code than there is memory for]";
  return frame;
}

std::optional<uint32_t> JavaFrames::interpreted(const JavaMethod& method, int32_t bci) {
  Frames::Part part{method.name, line_of(method, bci)};
  if (detail_.marks) part.mark = JitMark::kInterpreted;
  return frame_of({&part, 1});
}

std::optional<uint32_t> JavaFrames::native_method(const JavaMethod& method) {
  Frames::Part part{method.name};
  return frame_of({&part, 1});
}

std::optional<uint32_t> JavaFrames::compiled(const CodeBlob& blob, Address pc, bool is_return_address) {
  Place place{blob.version, pc << 1 | (is_return_address ? 1 : 0)};
  auto known = compiled_.find(place);
  if (known != compiled_.end()) return known->second;
  problem_ = "[unknown: Java method that is gone]";
  auto scopes = scopes_.at(blob, pc, is_return_address);
  if (!scopes) return std::nullopt;
  if (scopes->empty()) scopes->push_back({blob.method, -1});
  std::vector<std::string> names;
  std::vector<Frames::Part> parts;
  names.reserve(scopes->size());
  for (const Scope& scope : *scopes) {
    const JavaMethod* method = methods_.find(scope.method);
    if (method == nullptr) return std::nullopt;
    names.push_back(method->name);
    parts.push_back({names.back(), line_of(*method, scope.bci)});
    if (detail_.marks) parts.back().mark = JitMark::kInlined;
  }
  if (detail_.marks) parts.back().mark = mark_of(blob);
  auto frame = frame_of(parts);
  if (frame) compiled_.emplace(place, *frame);
  return frame;
}

uint32_t JavaFrames::machinery(const CodeBlob& blob) {
  return frames_.machinery(blob.name.empty() ? "[code cache]" : blob.name);
}

}  // namespace rtprof::jvm
