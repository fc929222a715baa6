#include "jvm/code_heaps.h"

#include <algorithm>
#include <array>

namespace rtprof::jvm {
namespace {

constexpr int64_t kMostHeaps = 16;
constexpr int kLargestShift = 16;
// In a heap's map (memory/heap.hpp): a segment of no block, else how many segments to step back towards the
// block's first; from JDK 11 on far ones in several steps.
constexpr uint8_t kFree = 0xff;
// Blocks of up to 512 MiB in segments of 64 bytes, in steps of 254.
constexpr int kMostSteps = 1 << 16;
constexpr size_t kMapBytes = 256;
constexpr Nanoseconds kRefreshPeriod = 100 * kMillisecond;

}  // namespace

std::optional<CodeHeaps::Heap> CodeHeaps::read_heap(Address heap) const {
  Address memory = heap + layout_.heap_memory.offset;
  Address segments = heap + layout_.heap_segments.offset;
  auto low = memory_.pointer(memory + layout_.space_low_boundary.offset);
  auto high = memory_.pointer(memory + layout_.space_high_boundary.offset);
  auto used_end = memory_.pointer(memory + layout_.space_high.offset);
  auto map = memory_.pointer(segments + layout_.space_low.offset);
  auto map_end = memory_.pointer(segments + layout_.space_high.offset);
  auto shift = layout_.heap_segment_shift.at(memory_, heap);
  if (!low || !high || !used_end || !map || !map_end || !shift) return std::nullopt;
  bool plausible = *low != 0 && *low <= *used_end && *used_end <= *high && *map <= *map_end && *shift > 0 &&
                   *shift <= kLargestShift;
  if (!plausible) return std::nullopt;
  return Heap{heap, *low, *high, *used_end, *map, *map_end, static_cast<int>(*shift)};
}

bool CodeHeaps::refresh() {
  std::vector<Heap> heaps;
  if (layout_.code_heaps != 0) {
    auto array = memory_.pointer(layout_.code_heaps);
    if (!array || *array == 0) return false;
    auto length = layout_.array_length.at(memory_, *array);
    auto data = memory_.pointer(*array + layout_.array_data.offset);
    if (!length || !data || *length < 0 || *length > kMostHeaps) return false;
    for (int64_t i = 0; i < *length; ++i) {
      auto pointer = memory_.pointer(*data + i * sizeof(Address));
      auto heap = pointer ? read_heap(*pointer) : std::nullopt;
      if (heap) heaps.push_back(*heap);
    }
  } else {
    auto pointer = memory_.pointer(layout_.code_heap);
    auto heap = pointer && *pointer != 0 ? read_heap(*pointer) : std::nullopt;
    if (heap) heaps.push_back(*heap);
  }
  if (heaps.empty()) return false;
  heaps_ = std::move(heaps);
  return true;
}

void CodeHeaps::begin_batch(TimePoint now) {
  if (!heaps_.empty() && now - refreshed_ < kRefreshPeriod) return;
  refreshed_ = now;
  refresh();
}

const CodeHeaps::Heap* CodeHeaps::heap_of(Address address) const {
  auto heap = std::find_if(heaps_.begin(), heaps_.end(), [address](const Heap& each) {
    return address >= each.low && address < each.high;
  });
  return heap == heaps_.end() ? nullptr : &*heap;
}

bool CodeHeaps::is_in_use(const Heap& heap, Address address) {
  uint64_t segment = (address - heap.low) >> heap.shift;
  return address < heap.used_end && segment < heap.segments_end - heap.segments;
}

// Whether more of a heap is in use than was known. One read tells that it is not: what is left on stacks asks
// often.
bool CodeHeaps::grow(Heap& heap) const {
  auto used_end = memory_.pointer(heap.address + layout_.heap_memory.offset + layout_.space_high.offset);
  if (!used_end || *used_end <= heap.used_end) return false;
  auto now = read_heap(heap.address);
  if (!now || now->low != heap.low) return false;
  heap = *now;
  return true;
}

std::optional<CodeHeaps::Block> CodeHeaps::find(Address address) {
  auto heap = std::find_if(heaps_.begin(), heaps_.end(), [address](const Heap& each) {
    return address >= each.low && address < each.high;
  });
  if (heap == heaps_.end()) return std::nullopt;
  bool found = is_in_use(*heap, address) || (grow(*heap) && is_in_use(*heap, address));
  return found ? find_in(*heap, address) : std::nullopt;
}

std::optional<CodeHeaps::Block> CodeHeaps::find_in(const Heap& heap, Address address) const {
  uint64_t segment = (address - heap.low) >> heap.shift;
  // A part of the map at a time, from the end.
  std::array<uint8_t, kMapBytes> part{};
  uint64_t part_begin = segment + 1;
  for (int step = 0; step < kMostSteps; ++step) {
    if (segment < part_begin) {
      part_begin = segment + 1 > kMapBytes ? segment + 1 - kMapBytes : 0;
      if (!memory_.read(heap.segments + part_begin, part.data(), segment + 1 - part_begin))
        return std::nullopt;
    }
    uint8_t back = part[segment - part_begin];
    if (back == kFree || back > segment) return std::nullopt;
    if (back == 0) {
      Address block = heap.low + (segment << heap.shift);
      std::array<uint8_t, 64> header{};
      if (layout_.heap_block_bytes > header.size()) return std::nullopt;
      std::span bytes(header.data(), layout_.heap_block_bytes);
      if (!memory_.read(block, header.data(), bytes.size()) || !is_used(bytes)) return std::nullopt;
      Block found{block + layout_.heap_block_bytes, 0};
      found.bytes = block_bytes(bytes, found.blob);
      if (address - block >= found.bytes + layout_.heap_block_bytes) return std::nullopt;
      return found;
    }
    segment -= back;
  }
  return std::nullopt;
}

bool CodeHeaps::is_used(std::span<const uint8_t> header) const {
  return layout_.block_used.in(header) != 0;
}

uint64_t CodeHeaps::block_bytes(std::span<const uint8_t> header, Address blob) const {
  const Heap* heap = heap_of(blob);
  if (heap == nullptr) return 0;
  uint64_t bytes = static_cast<uint64_t>(layout_.block_length.in(header)) << heap->shift;
  // The heap may have grown since what is in use of it was read.
  uint64_t most = heap->high - blob;
  return bytes <= layout_.heap_block_bytes ? 0 : std::min(bytes - layout_.heap_block_bytes, most);
}

}  // namespace rtprof::jvm
