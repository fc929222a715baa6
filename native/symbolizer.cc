#include "native/symbolizer.h"

#include <string>
#include <string_view>

namespace rtprof::native {
namespace {

std::string_view module_path(const Binary& binary) {
  constexpr std::string_view kDeleted = " (deleted)";
  std::string_view path = binary.path();
  if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
  return path;
}

}  // namespace

void Symbolizer::use(const Profile& profile) {
  if (profile_ == &profile) return;
  profile_ = &profile;
  kernel_frames_.clear();
  for (auto& [process, made] : made_) made.frames.clear();
  for (auto& [binary, known] : known_) {
    known.frames.clear();
    known.frames_with_lines.clear();
  }
}

Symbolizer::Known& Symbolizer::known(const std::shared_ptr<const Binary>& binary) {
  auto found = known_.find(binary.get());
  if (found == known_.end())
    found =
        known_.emplace(binary.get(), Known{binary, SymbolTable(binary), SourceLines(binary), {}, {}}).first;
  return found->second;
}

Frame Symbolizer::frame_at(Known& known, uint64_t address, Profile& profile) {
  Frame frame{.kind = FrameKind::kNative};
  frame.module = profile.intern(module_path(*known.binary));
  auto symbol = known.symbols.find(address);
  if (symbol) frame.function = profile.intern(symbol->name);
  return frame;
}

const std::vector<FrameId>& Symbolizer::frames_with_lines(Known& known, uint64_t address, Profile& profile) {
  auto [found, is_new] = known.frames_with_lines.try_emplace(address);
  std::vector<FrameId>& frames = found->second;
  if (!is_new) return frames;
  Frame function = frame_at(known, address, profile);
  std::vector<SourceFrame> sources = known.lines.find(address);
  if (sources.empty()) sources.emplace_back();
  for (const SourceFrame& source : sources) {
    Frame frame = function;
    // The function whose code it is has the same name with and without lines.
    bool is_inlined = &source != &sources.back();
    if (is_inlined || frame.function == 0) frame.function = profile.intern(source.function);
    frame.file = profile.intern(source.file);
    frame.line = source.line;
    frame.start_line = source.start_line;
    frames.push_back(profile.intern(frame));
  }
  return frames;
}

FrameId Symbolizer::made_frame(const Process& process, uint64_t address, Profile& profile) {
  std::pair key(process.pid(), process.start_time());
  auto made = made_.find(key);
  if (made == made_.end()) made = made_.emplace(key, Made{PerfMap(process), {}}).first;
  if (made->second.map.refresh()) made->second.frames.clear();
  auto [found, is_new] = made->second.frames.try_emplace(address, 0);
  if (!is_new) return found->second;
  auto name = made->second.map.find(address);
  Frame frame{.kind = FrameKind::kNative};
  frame.module = profile.intern(name ? "[jit]" : "[anon]");
  if (name) frame.function = profile.intern(*name);
  found->second = profile.intern(frame);
  return found->second;
}

void Symbolizer::frames(const AddressSpace::Place& place, const Process& process, bool lines,
                        Profile& profile, std::vector<FrameId>& leaf_first) {
  use(profile);
  if (!place.binary) {
    leaf_first.push_back(made_frame(process, place.address, profile));
    return;
  }
  Known& binary = known(place.binary);
  if (lines) {
    const std::vector<FrameId>& frames = frames_with_lines(binary, place.address, profile);
    leaf_first.insert(leaf_first.end(), frames.begin(), frames.end());
    return;
  }
  auto [found, is_new] = binary.frames.try_emplace(place.address, 0);
  if (is_new) found->second = profile.intern(frame_at(binary, place.address, profile));
  leaf_first.push_back(found->second);
}

FrameId Symbolizer::kernel_frame(uint64_t address, Profile& profile) {
  use(profile);
  auto [found, is_new] = kernel_frames_.try_emplace(address, 0);
  if (!is_new) return found->second;
  Frame frame{.kind = FrameKind::kKernel};
  auto symbol = kernel_symbols().find(address);
  if (symbol) frame.function = profile.intern(symbol->name);
  frame.module = profile.intern(symbol && !symbol->module.empty() ? symbol->module : "[kernel]");
  found->second = profile.intern(frame);
  return found->second;
}

const kernel::KernelSymbols& Symbolizer::kernel_symbols() {
  if (!kernel_) kernel_ = kernel::KernelSymbols::read();
  return *kernel_;
}

}  // namespace rtprof::native
