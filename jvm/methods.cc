#include "jvm/methods.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "jvm/code_blobs.h"
#include "jvm/compressed_stream.h"
#include "jvm/symbols.h"

namespace rtprof::jvm {
namespace {

constexpr uint8_t kUtf8 = 1;         // JVM_CONSTANT_Utf8
constexpr uint64_t kTagsHeader = 4;  // Array<u1>: its length, then the bytes
constexpr size_t kLargestTable = 1 << 20;
// When there are more all are forgotten: those of classes that were unloaded would stay for ever.
constexpr size_t kMostEntries = 1 << 17;

}  // namespace

// Checks that both names in the constant pool are Symbols.
std::optional<Methods::Symbols> Methods::symbols_of(std::span<const uint8_t> const_method,
                                                    Address pool) const {
  auto header = memory_.bytes(pool, layout_.pool_bytes);
  if (!header) return std::nullopt;
  Address tags = layout_.pool_tags.in(*header);
  Address holder = layout_.pool_holder.in(*header);
  int64_t length = layout_.pool_length.in(*header);
  int64_t name = layout_.const_name.in(const_method);
  int64_t signature = layout_.const_signature.in(const_method);
  auto is_index = [length](int64_t index) { return index > 0 && index < length; };
  if (!is_index(name) || !is_index(signature) || tags == 0 || holder == 0) return std::nullopt;
  Symbols symbols;
  uint8_t kinds[2] = {};
  auto entry_at = [&](int64_t index) { return pool + layout_.pool_bytes + index * sizeof(Address); };
  const MemoryRange ranges[] = {{tags + kTagsHeader + name, &kinds[0], 1},
                                {tags + kTagsHeader + signature, &kinds[1], 1},
                                {entry_at(name), &symbols.name, sizeof symbols.name},
                                {entry_at(signature), &symbols.signature, sizeof symbols.signature},
                                {holder + layout_.klass_name.offset, &symbols.holder, sizeof symbols.holder}};
  bool all = memory_.read_batch(ranges) == std::size(ranges);
  if (!all || kinds[0] != kUtf8 || kinds[1] != kUtf8) return std::nullopt;
  return symbols;
}

std::optional<JavaMethod> Methods::read(Address address) const {
  if (address == 0 || address % sizeof(Address) != 0) return std::nullopt;
  auto const_method = layout_.method_const.at(memory_, address);
  if (!const_method || *const_method == 0) return std::nullopt;
  JavaMethod method;
  method.const_method = *const_method;
  auto bytes = memory_.bytes(method.const_method, layout_.const_method_bytes);
  if (!bytes) return std::nullopt;
  method.pool = layout_.const_pool.in(*bytes);
  method.code_bytes = static_cast<uint32_t>(layout_.const_code_size.in(*bytes));
  auto flags = static_cast<uint64_t>(layout_.const_flags.in(*bytes));
  method.has_line_numbers = (flags & layout_.has_line_numbers) != 0;
  auto symbols = symbols_of(*bytes, method.pool);
  auto holder = symbols ? symbol_text(memory_, layout_, symbols->holder) : std::nullopt;
  auto name = symbols ? symbol_text(memory_, layout_, symbols->name) : std::nullopt;
  if (!holder || !name) return std::nullopt;
  method.name = *holder + "." + *name;
  if (!signatures_) return method;
  auto signature = symbol_text(memory_, layout_, symbols->signature);
  if (!signature) return std::nullopt;
  method.name += *signature;
  return method;
}

const JavaMethod* Methods::find(Address method) {
  if (entries_.size() >= kMostEntries && !entries_.contains(method)) {
    entries_.clear();
    lines_.clear();
  }
  Entry& entry = entries_[method];
  if (entry.batch != batch_ && (readable_ || entry.batch == 0)) {
    bool was_recent = now_ - entry.looked <= kOldestSample;
    entry.batch = batch_;
    entry.looked = now_;
    auto now = read(method);
    if (entry.method && entry.method != now && was_recent) entry.in_doubt = now_ + kOldestSample;
    if (now && entry.method != now) lines_.erase(now->const_method);
    entry.method = std::move(now);
  }
  return entry.method && entry.in_doubt <= now_ ? &*entry.method : nullptr;
}

// The bytes from `begin` on, up to the first page that cannot be read.
std::vector<uint8_t> Methods::readable(Address begin, size_t most) const {
  constexpr size_t kPage = 4096;
  std::vector<uint8_t> bytes(most);
  if (memory_.read(begin, bytes.data(), most)) return bytes;
  size_t have = 0;
  while (have < most) {
    size_t step = std::min<size_t>(most - have, kPage - (begin + have) % kPage);
    if (!memory_.read(begin + have, bytes.data() + have, step)) break;
    have += step;
  }
  bytes.resize(have);
  return bytes;
}

int32_t Methods::line_of(const JavaMethod& method, int32_t bci) {
  if (!method.has_line_numbers || bci < 0) return 0;
  auto& of_method = lines_[method.const_method];
  auto known = of_method.find(bci);
  if (known != of_method.end()) return known->second;
  Address begin = method.const_method + layout_.const_method_bytes + method.code_bytes;
  // Its length is nowhere told, and what follows may not be readable.
  constexpr size_t kPiece = 256;
  for (size_t size = kPiece; size <= kLargestTable; size *= 4) {
    std::vector<uint8_t> table = readable(begin, size);
    auto line = line_in_table(layout_, table, bci);
    if (line) return of_method[bci] = *line;
    if (table.size() < size) break;
  }
  return 0;
}

std::optional<int32_t> line_in_table(const Layout& layout, std::span<const uint8_t> table, int32_t bci) {
  constexpr uint8_t kEnd = 0;
  constexpr uint8_t kLongForm = 0xff;
  CompressedStream stream(table, 0, layout.numbers_without_zero);
  int64_t at = 0;
  int64_t line = 0;
  int64_t best_at = -1;
  int64_t best = 0;
  for (;;) {
    uint8_t next = stream.byte();
    if (!stream.ok()) return std::nullopt;
    if (next == kEnd) break;
    if (next == kLongForm) {
      at += stream.signed_number();
      line += stream.signed_number();
    } else {
      at += next >> 3;
      line += next & 7;
    }
    if (!stream.ok()) return std::nullopt;
    // They need not be in the order of bytecodes.
    if (at <= bci && at >= best_at) {
      best_at = at;
      best = line;
    }
  }
  return best > 0 && best <= UINT16_MAX ? static_cast<int32_t>(best) : 0;
}

}  // namespace rtprof::jvm
