#include "jvm/z_relocations.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace rtprof::jvm {
namespace {

constexpr uint64_t kWord = sizeof(uint64_t);
constexpr uint64_t kMostEntries = uint64_t{1} << 24;
// As many are read at once; a table is half empty.
constexpr uint64_t kAtOnce = 8;
constexpr uint64_t kMostProbes = 256;

// A ZForwardingEntry (gc/z/zForwardingEntry.hpp).
struct Entry {
  uint64_t word = 0;
  bool exists() const { return (word & 1) != 0; }
  uint64_t to_offset() const { return word >> 1 & ((uint64_t{1} << 45) - 1); }
  uint64_t from_index() const { return word >> 46; }
};

// Where the search for an object begins (ZHash::uint32_to_uint32, an integer hash of Thomas Wang's).
uint32_t hash_of(uint32_t key) {
  key = ~key + (key << 15);
  key ^= key >> 12;
  key += key << 2;
  key ^= key >> 4;
  key *= 2057;
  return key ^ key >> 16;
}

}  // namespace

std::optional<ZRelocations> ZRelocations::read(const Memory& memory, const ZLayout& layout,
                                               bool has_generations) {
  bool is_described = layout.collected_heap != 0 && layout.heap.exists() && layout.granule_shift != 0 &&
                      layout.forwarding_bytes != 0 && layout.forwarding_start.exists() &&
                      layout.alignment_shift.exists() && layout.entry_count.exists();
  auto collected_heap = is_described ? memory.pointer(layout.collected_heap) : std::nullopt;
  if (!collected_heap || *collected_heap == 0) return std::nullopt;
  Address heap = *collected_heap + layout.heap.offset;
  ZRelocations relocations(memory, layout);
  if (has_generations) return relocations.find_tables(heap) ? std::optional(relocations) : std::nullopt;
  auto map = layout.forwardings.exists() ? layout.forwardings.at(memory, heap) : std::nullopt;
  if (!map || *map == 0) return std::nullopt;
  // As long as there can be offsets.
  relocations.young_ = {static_cast<Address>(*map), UINT64_MAX};
  return relocations;
}

// The two generations are in the ZHeap, but it is not described where. Each has in a row: its id, pointers to
// the heap's page allocator and page table, and its ZGranuleMap of ZForwardings (gc/z/zGeneration.hpp,
// zGranuleMap.hpp: the length, then the pointer). Nothing else has these pointers in this order.
bool ZRelocations::find_tables(Address heap) {
  constexpr uint8_t kYoungId = 0, kOldId = 1;
  if (!layout_.page_allocator.exists() || !layout_.page_table.exists()) return false;
  const Address allocator = heap + layout_.page_allocator.offset;
  const Address page_table = heap + layout_.page_table.offset;
  std::vector<uint64_t> words(layout_.heap_bytes / kWord);
  if (!memory_.read(heap, words.data(), words.size() * kWord)) return false;
  for (size_t i = 1; i + 3 < words.size(); ++i) {
    if (words[i] != allocator || words[i + 1] != page_table) continue;
    auto id = static_cast<uint8_t>(words[i - 1]);
    Table table{words[i + 3], words[i + 2]};
    if (id == kYoungId) young_ = table;
    if (id == kOldId) old_ = table;
  }
  return young_.map != 0 && old_.map != 0;
}

Address ZRelocations::forwarding(const Table& table, uint64_t offset) const {
  uint64_t granule = offset >> layout_.granule_shift;
  return granule < table.length ? memory_.pointer(table.map + granule * kWord).value_or(0) : 0;
}

std::optional<uint64_t> ZRelocations::find(ZRelocation relocation, uint64_t offset) const {
  Address found = 0;
  if (relocation == ZRelocation::kYoung || relocation == ZRelocation::kEither)
    found = forwarding(young_, offset);
  if (relocation == ZRelocation::kOld || (relocation == ZRelocation::kEither && found == 0))
    found = forwarding(old_, offset);
  return found != 0 ? find_entry(found, offset) : std::nullopt;
}

// A table of linear probing, its length a power of two.
std::optional<uint64_t> ZRelocations::find_entry(Address forwarding, uint64_t offset) const {
  auto header = memory_.bytes(forwarding, layout_.forwarding_bytes);
  if (!header) return std::nullopt;
  auto start = static_cast<uint64_t>(layout_.forwarding_start.in(*header));
  auto shift = static_cast<uint64_t>(layout_.alignment_shift.in(*header));
  auto count = static_cast<uint64_t>(layout_.entry_count.in(*header));
  bool is_plausible = offset >= start && shift < 64 && count <= kMostEntries && (count & (count - 1)) == 0;
  if (!is_plausible || count == 0) return std::nullopt;
  const uint64_t index = (offset - start) >> shift;
  const Address entries = forwarding + (layout_.forwarding_bytes + kWord - 1) / kWord * kWord;
  uint64_t at = hash_of(static_cast<uint32_t>(index)) & (count - 1);
  for (uint64_t probes = 0; probes < std::min(count, kMostProbes);) {
    std::array<Entry, kAtOnce> read{};
    uint64_t size = std::min(kAtOnce, count - at);
    if (!memory_.read(entries + at * kWord, read.data(), size * kWord)) return std::nullopt;
    for (uint64_t i = 0; i < size; ++i) {
      if (!read[i].exists()) return std::nullopt;
      if (read[i].from_index() == index) return read[i].to_offset();
    }
    probes += size;
    at = (at + size) & (count - 1);
  }
  return std::nullopt;
}

}  // namespace rtprof::jvm
