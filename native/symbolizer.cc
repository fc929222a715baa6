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
  frames_.clear();
}

const Symbolizer::Known& Symbolizer::known(const std::shared_ptr<const Binary>& binary) {
  auto found = known_.find(binary.get());
  if (found == known_.end()) {
    found = known_.emplace(binary.get(), Known{binary, SymbolTable(binary)}).first;
  }
  return found->second;
}

void Symbolizer::name(const AddressSpace::Place& place, Profile& profile, std::vector<FrameId>& leaf_first) {
  use(profile);
  Key key{place.binary.get(), place.address};
  auto found = frames_.find(key);
  if (found == frames_.end()) {
    Frame frame{.kind = FrameKind::kNative};
    if (place.binary) {
      frame.module = profile.intern(module_path(*place.binary));
      auto symbol = known(place.binary).symbols.find(place.address);
      if (symbol) frame.function = profile.intern(symbol->name);
    }
    found = frames_.emplace(key, profile.intern(frame)).first;
  }
  leaf_first.push_back(found->second);
}

FrameId Symbolizer::kernel_frame(uint64_t address, Profile& profile) {
  use(profile);
  // Addresses of the kernel are those of no process, so the two kinds do not meet.
  auto [found, is_new] = frames_.try_emplace(Key{nullptr, address}, 0);
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
