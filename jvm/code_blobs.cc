#include "jvm/code_blobs.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

namespace rtprof::jvm {
namespace {

// HotSpot has a few hundred.
constexpr size_t kMostNames = 1 << 14;
constexpr uint64_t kLargestFrame = 1 << 20;
// The longest prologue: class check, alignment, stack bang, frame, entry barrier.
constexpr size_t kLongestPrologue = 512;
constexpr size_t kStubPrologue = 32;

BlobKind kind_of(const std::string& name, uint64_t frame_bytes) {
  if (name == "nmethod" || name == "native nmethod") return BlobKind::kCompiled;
  if (name == "Interpreter") return BlobKind::kInterpreter;
  return frame_bytes == 0 ? BlobKind::kBuffer : BlobKind::kStub;
}

bool same(const CodeBlob& a, CodeBlob b) {
  b.version = a.version;
  return a == b;
}

}  // namespace

const std::string& CodeBlobs::name_at(Address address) {
  if (names_.size() >= kMostNames) names_.clear();
  auto [known, is_new] = names_.try_emplace(address);
  std::string& name = known->second;
  if (!is_new || address == 0) return name;
  name = memory_.c_string(address).value_or("");
  return name;
}

void CodeBlobs::parse_compiled(std::span<const uint8_t> header, CodeBlob& blob) const {
  blob.method = layout_.method_of_nmethod.in(header);
  blob.compile_id = static_cast<int32_t>(layout_.compile_id.in(header));
  blob.level = static_cast<int32_t>(layout_.comp_level.in(header));
  blob.orig_pc_offset = static_cast<uint32_t>(layout_.orig_pc_offset.in(header));
  auto deopt = [&](const Member& address, const Member& offset) -> Address {
    if (address.exists()) return address.in(header);
    int64_t value = offset.in(header);
    return value > 0 ? blob.start + value : 0;
  };
  blob.deopt = deopt(layout_.deopt_begin, layout_.deopt_offset);
  blob.deopt_mh = deopt(layout_.deopt_mh_begin, layout_.deopt_mh_offset);

  Address base = blob.start;
  if (layout_.scopes_base == BlobBase::kImmutableData) base = layout_.immutable_data.in(header);
  if (base == 0) return;
  blob.pcs_begin = base + layout_.scopes_pcs_offset.in(header);
  blob.scopes = layout_.scopes_data_begin.exists() ? layout_.scopes_data_begin.in(header)
                                                   : base + layout_.scopes_data_offset.in(header);
  if (layout_.scopes_base == BlobBase::kImmutableData) {
    blob.pcs_end = blob.scopes;
    blob.scopes_end = base + layout_.immutable_data_size.in(header);
  } else {
    blob.pcs_end = base + layout_.dependencies_offset.in(header);
    blob.scopes_end = blob.pcs_begin;
  }
  switch (layout_.metadata_base) {
    case BlobBase::kHeader:
    case BlobBase::kImmutableData:
      blob.metadata = blob.start + layout_.metadata_offset.in(header);
      break;
    case BlobBase::kData:
      blob.metadata = blob.start + layout_.blob_data_offset.in(header) + layout_.metadata_offset.in(header);
      break;
    case BlobBase::kMutableData:
      blob.metadata = layout_.blob_mutable_data.in(header) + layout_.blob_relocation_size.in(header);
      break;
  }
}

std::optional<CodeBlobs::Entry> CodeBlobs::parse(std::span<const uint8_t> header, Address start,
                                                 uint64_t most_bytes) {
  Entry entry;
  CodeBlob& blob = entry.blob;
  auto size = static_cast<uint64_t>(layout_.blob_size.in(header));
  auto frame_words = static_cast<uint64_t>(std::max<int64_t>(layout_.blob_frame_size.in(header), 0));
  int64_t complete = layout_.blob_frame_complete.in(header);
  entry.name_address = layout_.blob_name.in(header);
  blob.start = start;
  blob.end = start + size;
  blob.code_begin = layout_.blob_code_begin.exists() ? layout_.blob_code_begin.in(header)
                                                     : start + layout_.blob_code_offset.in(header);
  blob.code_end = layout_.blob_code_end.exists() ? layout_.blob_code_end.in(header)
                                                 : start + layout_.blob_data_offset.in(header);
  bool plausible = size <= most_bytes && blob.code_begin >= start && blob.code_begin <= blob.code_end &&
                   blob.code_end <= blob.end && frame_words <= kLargestFrame / sizeof(uint64_t);
  if (!plausible) return std::nullopt;
  blob.frame_bytes = static_cast<uint32_t>(frame_words * sizeof(uint64_t));
  // -1: a frame that is never complete.
  if (complete >= 0) blob.frame_complete = static_cast<uint32_t>(complete);
  blob.name = name_at(entry.name_address);
  blob.kind = kind_of(blob.name, blob.frame_bytes);
  if (blob.kind == BlobKind::kCompiled) parse_compiled(header, blob);
  return entry;
}

// Whether a blob is where it was: its block and its header say so, at the cost of one read.
bool CodeBlobs::is_unchanged(Entry& entry) {
  const CodeBlob& blob = entry.blob;
  size_t block = layout_.heap_block_bytes;
  header_.resize(block + std::min<uint64_t>(layout_.blob_bytes, blob.end - blob.start));
  if (!memory_.read(blob.start - block, header_.data(), header_.size())) return false;
  std::span<const uint8_t> bytes(header_);
  if (!heaps_.is_used(bytes.first(block))) return false;
  auto parsed = parse(bytes.subspan(block), blob.start, heaps_.block_bytes(bytes.first(block), blob.start));
  if (!parsed || !same(entry.blob, parsed->blob)) return false;
  entry.batch = batch_;
  entry.looked = now_;
  return true;
}

CodeBlobs::Entry* CodeBlobs::read(Address start, uint64_t most_bytes) {
  header_.resize(std::min<uint64_t>(layout_.blob_bytes, most_bytes));
  if (!memory_.read(start, header_.data(), header_.size())) return nullptr;
  auto parsed = parse(header_, start, most_bytes);
  if (!parsed) return nullptr;
  forget_within(start, parsed->blob.end);
  auto [known, is_new] = entries_.try_emplace(start);
  Entry& entry = known->second;
  if (is_new || !same(entry.blob, parsed->blob)) {
    // It may be in use, as that which it was: it stays until the next batch.
    if (!is_new && entry.batch == batch_) return nullptr;
    bool was_just_there = !is_new && was_recent(entry);
    entry = std::move(*parsed);
    entry.blob.version = ++versions_;
    entry.in_doubt = was_just_there ? now_ + kOldestSample : 0;
  }
  entry.batch = batch_;
  entry.looked = now_;
  return &entry;
}

// Blobs that were where now one is that began before them. Those that were found in this batch may be in use.
void CodeBlobs::forget_within(Address start, Address end) {
  for (auto each = entries_.upper_bound(start); each != entries_.end() && each->first < end;)
    each = each->second.batch == batch_ ? std::next(each) : entries_.erase(each);
}

CodeBlobs::Entries::iterator CodeBlobs::entry_at(Address pc) {
  auto after = entries_.upper_bound(pc);
  if (after == entries_.begin() || pc >= std::prev(after)->second.blob.end) return entries_.end();
  return std::prev(after);
}

CodeBlobs::Entry* CodeBlobs::look_at(Address pc) {
  auto known = entry_at(pc);
  bool was_known = known != entries_.end();
  if (was_known && (known->second.batch == batch_ || !readable_)) return &known->second;
  if (was_known && is_unchanged(known->second)) return &known->second;
  Address before = was_known ? known->first : 0;
  bool was_in_use = was_known && was_recent(known->second);
  auto block = heaps_.find(pc);
  Entry* entry = block ? read(block->blob, block->bytes) : nullptr;
  // One that began elsewhere had this place. It may be forgotten already.
  if (was_known && entry != nullptr && entry->blob.start != before) {
    if (was_in_use) entry->in_doubt = now_ + kOldestSample;
    entries_.erase(before);
  }
  return entry;
}

const CodeBlob* CodeBlobs::find(Address pc) {
  Entry* entry = look_at(pc);
  bool is_usable = entry != nullptr && entry->in_doubt <= now_ && entry->blob.contains(pc);
  return is_usable ? &entry->blob : nullptr;
}

FrameShape CodeBlobs::shape_at(const CodeBlob& blob, Address pc) {
  auto [known, is_new] = entry_of(blob).shapes.try_emplace(pc);
  if (!is_new) return known->second;
  CompiledCode code;
  code.frame_bytes = blob.frame_bytes;
  code.pc = pc - blob.code_begin;
  std::array<uint8_t, kLongestPrologue> prologue{};
  // Of stubs it is not told, but their prologues are the same and have no checks before.
  uint64_t complete = blob.kind == BlobKind::kStub ? kStubPrologue : blob.frame_complete;
  complete = std::min(complete, blob.code_end - blob.code_begin);
  if (code.pc < complete && complete <= prologue.size() &&
      memory_.read(blob.code_begin, prologue.data(), complete)) {
    code.prologue = std::span(prologue.data(), complete);
    if (blob.kind == BlobKind::kStub) code.prologue = stub_prologue(code);
  }
  std::array<uint8_t, CompiledCode::kBefore + CompiledCode::kAfter> around{};
  Address from = pc - std::min<uint64_t>(CompiledCode::kBefore, pc - blob.code_begin);
  Address to = pc + std::min<uint64_t>(CompiledCode::kAfter, blob.code_end - pc);
  if (memory_.read(from, around.data(), to - from)) {
    code.before = std::span(around.data(), pc - from);
    code.after = std::span(around.data() + (pc - from), to - pc);
  }
  known->second = frame_shape(code);
  return known->second;
}

// A virtual call: mov rax, the cached class; call (MacroAssembler::ic_call, macroAssembler_x86.cpp).
std::optional<CodeBlobs::Call> CodeBlobs::call_before(const CodeBlob& blob, Address pc) const {
  constexpr size_t kCallBytes = 5;
  constexpr uint8_t kCall = 0xe8;  // call rel32
  constexpr std::array<uint8_t, 2> kMoveToRax = {0x48, 0xb8};
  std::array<uint8_t, 10 + kCallBytes> code{};
  size_t size = std::min<size_t>(code.size(), pc - blob.code_begin);
  if (size < kCallBytes || !memory_.read(pc - size, code.data() + code.size() - size, size))
    return std::nullopt;
  const uint8_t* call = code.data() + code.size() - kCallBytes;
  int32_t distance = 0;
  std::memcpy(&distance, call + 1, sizeof distance);
  if (call[0] != kCall) return std::nullopt;
  return Call{pc + static_cast<int64_t>(distance),
              std::equal(kMoveToRax.begin(), kMoveToRax.end(), code.begin())};
}

// CompiledStaticCall::emit_to_interp_stub: mov rbx, Method; jmp.
Address CodeBlobs::interpreted_method(Address call_target) const {
  std::array<uint8_t, 10> move{};
  if (!memory_.read(call_target, move.data(), move.size()) || move[0] != 0x48 || move[1] != 0xbb) return 0;
  Address method = 0;
  std::memcpy(&method, move.data() + 2, sizeof method);
  return method;
}

bool CodeBlobs::follows_call(const CodeBlob& blob, Address pc) {
  auto [known, is_new] = entry_of(blob).after_call.try_emplace(pc, false);
  if (!is_new) return known->second;
  std::array<uint8_t, 8> before{};
  size_t size = std::min<size_t>(before.size(), pc - blob.code_begin);
  if (!memory_.read(pc - size, before.data(), size)) return false;
  known->second = ends_with_call(std::span(before.data(), size));
  return known->second;
}

}  // namespace rtprof::jvm
