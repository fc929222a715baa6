#include "native/address_space.h"

#include <algorithm>

namespace rtprof::native {
namespace {

// Wild addresses, of which a broken stack has many, do not make it look at the mappings more often than this.
constexpr Nanoseconds kRefreshPeriod = 100 * kMillisecond;

}  // namespace

AddressSpace::AddressSpace(const Process& process, BinaryCache& binaries)
    : process_(process), binaries_(binaries) {}

void AddressSpace::refresh() {
  std::vector<Region> old = std::exchange(regions_, {});
  for (Mapping& mapping : process_.mappings()) {
    if (!mapping.executable) continue;
    Region region;
    auto same = std::find_if(old.begin(), old.end(), [&](const Region& known) {
      const Mapping& other = known.mapping;
      return other.start == mapping.start && other.offset == mapping.offset && other.inode == mapping.inode &&
             other.device == mapping.device;
    });
    if (same != old.end()) region = std::move(*same);
    region.mapping = std::move(mapping);
    regions_.push_back(std::move(region));
  }
  // A process that has ended has no mappings; what it had still names its last samples.
  if (regions_.empty()) regions_ = std::move(old);
  refreshed_ = monotonic_now();
  stale_ = false;
}

AddressSpace::Region* AddressSpace::region_of(Address pc) {
  auto after =
      std::upper_bound(regions_.begin(), regions_.end(), pc,
                       [](Address address, const Region& region) { return address < region.mapping.start; });
  if (after == regions_.begin() || pc >= std::prev(after)->mapping.end) return nullptr;
  return &*std::prev(after);
}

std::optional<AddressSpace::Place> AddressSpace::find(Address pc) {
  if (stale_) refresh();
  Region* region = region_of(pc);
  if (region == nullptr && monotonic_now() - refreshed_ >= kRefreshPeriod) {
    refresh();
    region = region_of(pc);
  }
  if (region == nullptr) return std::nullopt;
  const Mapping& mapping = region->mapping;
  bool is_vdso = mapping.path == "[vdso]";
  if (!region->opened) {
    region->opened = true;
    if (is_vdso) region->binary = binaries_.vdso(process_, mapping);
    if (mapping.inode != 0) region->binary = binaries_.file(process_, mapping);
  }
  if (!region->binary) return Place{nullptr, pc};
  auto address = region->binary->address_of_offset(pc - mapping.start + mapping.offset);
  return Place{region->binary, address.value_or(pc - mapping.start + mapping.offset)};
}

}  // namespace rtprof::native
