#include "jvm/scopes.h"

#include <utility>

#include "jvm/compressed_stream.h"

namespace rtprof::jvm {
namespace {

constexpr uint64_t kMostBytes = 8 << 20;
constexpr size_t kDeepest = 256;
// Of all nmethods that are kept.
constexpr size_t kMostTableBytes = 2 << 20;

std::optional<std::vector<uint8_t>> bytes_of(const Memory& memory, Address begin, Address end) {
  if (begin == 0 || end <= begin) return std::vector<uint8_t>();
  return memory.bytes(begin, end - begin, kMostBytes);
}

}  // namespace

std::optional<uint32_t> scope_offset(const Layout& layout, std::span<const uint8_t> pcs, int64_t offset,
                                     bool is_return_address) {
  size_t size = layout.pc_desc_bytes;
  size_t low = 0;
  size_t high = size == 0 ? 0 : pcs.size() / size;
  auto at = [&](size_t index) { return pcs.subspan(index * size, size); };
  // The first that is not before the place, or that is after the instruction's first byte.
  int64_t wanted = is_return_address ? offset : offset + 1;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (layout.pc_desc_pc.in(at(middle)) < wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (size == 0 || low >= pcs.size() / size) return std::nullopt;
  int64_t scope = layout.pc_desc_scope.in(at(low));
  return scope > 0 ? std::optional(static_cast<uint32_t>(scope)) : std::nullopt;
}

std::vector<RecordedScope> recorded_scopes(const Layout& layout, std::span<const uint8_t> scopes,
                                           uint32_t offset) {
  std::vector<RecordedScope> recorded;
  while (offset != 0) {
    CompressedStream stream(scopes, offset, layout.numbers_without_zero);
    uint32_t caller = stream.number();
    uint32_t method = stream.number();
    auto bci = static_cast<int32_t>(stream.number()) - 1;
    // Callers are recorded first.
    bool plausible = stream.ok() && method != 0 && caller < offset && recorded.size() < kDeepest;
    if (!plausible) return {};
    recorded.push_back({method, bci});
    offset = caller;
  }
  return recorded;
}

// Places of one nmethod are met many at a time, and to read its tables is what takes long.
const ScopeTables::Tables* ScopeTables::tables_of(const CodeBlob& blob) {
  auto known = tables_.find(blob.version);
  if (known != tables_.end()) return &known->second;
  auto pcs = bytes_of(memory_, blob.pcs_begin, blob.pcs_end);
  auto scopes = bytes_of(memory_, blob.scopes, blob.scopes_end);
  if (!pcs || !scopes) return nullptr;
  if (bytes_ > kMostTableBytes) {
    tables_.clear();
    bytes_ = 0;
  }
  bytes_ += pcs->size() + scopes->size() + sizeof(Tables);
  return &tables_.emplace(blob.version, Tables{std::move(*pcs), std::move(*scopes)}).first->second;
}

std::optional<std::vector<Scope>> ScopeTables::at(const CodeBlob& blob, Address pc, bool is_return_address) {
  std::vector<Scope> found;
  const Tables* tables = tables_of(blob);
  if (tables == nullptr) return std::nullopt;
  auto offset =
      scope_offset(layout_, tables->pcs, static_cast<int64_t>(pc - blob.code_begin), is_return_address);
  if (!offset) return found;
  std::vector<RecordedScope> recorded = recorded_scopes(layout_, tables->scopes, *offset);
  std::vector<MemoryRange> ranges;
  found.resize(recorded.size());
  for (size_t i = 0; i < recorded.size(); ++i) {
    found[i].bci = recorded[i].bci;
    Address place = blob.metadata + (uint64_t{recorded[i].method} - 1) * sizeof(Address);
    ranges.push_back({place, &found[i].method, sizeof(Address)});
  }
  if (memory_.read_batch(ranges) != ranges.size()) return std::nullopt;
  // The outermost is the nmethod's own, or these are not its scopes.
  if (found.empty() || found.back().method != blob.method) return std::nullopt;
  return found;
}

}  // namespace rtprof::jvm
