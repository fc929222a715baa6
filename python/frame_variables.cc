#include "python/frame_variables.h"

#include <algorithm>

#include "common/base/clock.h"
#include "python/code_cache.h"
#include "python/objects.h"

namespace rtprof {
namespace {

constexpr size_t kMostSlots = 500;  // of a frame
// A thread may be held meanwhile. It takes a tenth of that for the most values that are read, usually.
constexpr Nanoseconds kLongestTake = 20 * kMillisecond;
constexpr size_t kLongestName = 256;
// co_flags, Include/cpython/code.h.
constexpr uint32_t kHasPositionals = 4;
constexpr uint32_t kHasKeywords = 8;
// co_localspluskinds, Include/internal/pycore_code.h.
constexpr uint8_t kHidden = 0x10;
constexpr uint8_t kCell = 0x40;
constexpr uint8_t kFree = 0x80;
// _PyStackRef, Include/internal/pycore_stackref.h of 3.14 and 3.15.
constexpr uint64_t kTagBits = 3;
constexpr uint64_t kTaggedInt = 3;
constexpr int kTaggedShift = 2;

}  // namespace

FrameVariables::FrameVariables(const Memory& memory, const PythonProcess& python)
    : layout_(python.layout),
      none_(python.none),
      cache_(memory),
      containers_(cache_, python.layout),
      repr_(containers_, python.none) {}

void FrameVariables::take(const RemoteWalker::Walk& walk) {
  frames_.clear();
  cache_.clear();
  cut_ = false;
  size_t values = 0;
  deadline_ = monotonic_now() + kLongestTake;
  for (size_t i = 0; i < walk.leaf_first.size(); ++i) {
    Address code = walk.leaf_first[i].code;
    if (code == 0 || code == none_) continue;
    cut_ = cut_ || values >= kMostValues || monotonic_now() > deadline_;
    frames_.push_back(cut_ ? Frame{code, {}} : take_frame(walk.addresses[i], code, kMostValues - values));
    values += frames_.back().slots.size();
  }
  cut_ = cut_ || monotonic_now() > deadline_;
}

size_t FrameVariables::length_of_tuple(Address code, uint16_t offset) const {
  auto tuple = cache_.pointer(code + offset);
  auto length = tuple ? cache_.get<uint64_t>(*tuple + layout_.container.size) : std::nullopt;
  return std::min<uint64_t>(length.value_or(0), kMostSlots);
}

std::optional<FrameVariables::Slots> FrameVariables::slots_of(Address code) {
  const LocalsLayout& layout = layout_.locals;
  auto count = cache_.get<int32_t>(code + layout.code_slot_count);
  if (!count || *count < 0) return std::nullopt;
  Slots slots;
  slots.count = slots.cells = static_cast<size_t>(*count);
  if (layout.code_cell_names != kNoOffset) slots.count += length_of_tuple(code, layout.code_cell_names);
  if (layout.code_free_names != kNoOffset) slots.count += length_of_tuple(code, layout.code_free_names);
  slots.count = std::min(slots.count, kMostSlots);
  return slots;
}

FrameVariables::Frame FrameVariables::take_frame(Address frame, Address code, size_t most) {
  Frame taken{code, {}};
  auto slots = slots_of(code);
  if (!slots) return taken;
  std::vector<uint64_t> words(std::min(slots->count, most));
  if (words.empty() ||
      !cache_.read(frame + layout_.frame_locals, words.data(), words.size() * sizeof(uint64_t)))
    return taken;
  for (size_t i = 0; i < words.size() && monotonic_now() <= deadline_; ++i) {
    if (auto value = value_of(words[i], code, i, *slots)) taken.slots.push_back({i, std::move(*value)});
  }
  return taken;
}

// Nothing for a variable that has no value.
std::optional<std::string> FrameVariables::value_of(uint64_t slot, Address code, size_t index,
                                                    const Slots& slots) {
  Address object = slot;
  if (layout_.locals.tagged) {
    if ((slot & kTagBits) == kTaggedInt) return std::to_string(static_cast<int64_t>(slot) >> kTaggedShift);
    object &= ~kTagBits;
  }
  if (object == 0) return std::nullopt;
  const TypeInfo* type = containers_.type_of(object);
  if (type != nullptr && type->is_exactly("cell")) {
    bool is_cell = index >= slots.cells;
    if (layout_.locals.code_kinds != kNoOffset) {
      std::string kinds = kinds_of(code);
      is_cell = index < kinds.size() && (static_cast<uint8_t>(kinds[index]) & (kCell | kFree)) != 0;
    }
    // The cell of a variable without a value is empty.
    if (is_cell) object = cache_.pointer(object + layout_.container.cell_value).value_or(0);
    if (object == 0) return std::nullopt;
  }
  return repr_.of(object);
}

std::string FrameVariables::kinds_of(Address code) {
  auto kinds = cache_.pointer(code + layout_.locals.code_kinds);
  auto bytes =
      kinds ? read_start(cache_, layout_, ObjectRequest::Type::kBytes, *kinds, kMostSlots) : std::nullopt;
  return bytes ? *bytes->content : std::string();
}

void FrameVariables::append_names(Address tuple, std::vector<std::string>& names) {
  auto elements = containers_.tuple(tuple, kMostSlots);
  if (!elements) return;
  for (Address name : elements->first)
    names.push_back(read_string(cache_, layout_, name, kLongestName).value_or("?"));
}

FrameVariables::Names FrameVariables::names_of(Address code) {
  const LocalsLayout& layout = layout_.locals;
  Names names;
  names.of_init_shim = is_init_shim(cache_, layout_, code);
  for (uint16_t offset : {layout.code_names, layout.code_cell_names, layout.code_free_names}) {
    auto tuple = offset != kNoOffset ? cache_.pointer(code + offset) : std::nullopt;
    if (tuple) append_names(*tuple, names.names);
  }
  if (layout.code_kinds != kNoOffset) names.kinds = kinds_of(code);
  auto flags = cache_.get<uint32_t>(code + layout.code_flags).value_or(0);
  names.arguments = cache_.get<uint32_t>(code + layout.code_argument_count).value_or(0);
  names.arguments += cache_.get<uint32_t>(code + layout.code_keyword_argument_count).value_or(0);
  if ((flags & kHasPositionals) != 0) ++names.arguments;
  if ((flags & kHasKeywords) != 0) ++names.arguments;
  return names;
}

std::vector<std::vector<DumpedVariable>> FrameVariables::named() {
  std::vector<std::vector<DumpedVariable>> all;
  std::unordered_map<Address, Names> known;
  for (Frame& frame : frames_) {
    auto [entry, is_new] = known.try_emplace(frame.code);
    if (is_new) entry->second = names_of(frame.code);
    const Names& names = entry->second;
    if (names.of_init_shim) continue;
    std::vector<DumpedVariable> variables;
    // An argument that is a cell has its name a second time, before 3.11.
    auto is_argument = [&](const std::string& name) {
      auto end = names.names.begin() + static_cast<ptrdiff_t>(std::min(names.arguments, names.names.size()));
      return std::find(names.names.begin(), end, name) != end;
    };
    for (Slot& slot : frame.slots) {
      if (slot.index >= names.names.size()) continue;
      if (slot.index < names.kinds.size() && (static_cast<uint8_t>(names.kinds[slot.index]) & kHidden) != 0)
        continue;
      const std::string& name = names.names[slot.index];
      variables.push_back({name, std::move(slot.value), is_argument(name)});
    }
    all.push_back(std::move(variables));
  }
  return all;
}

}  // namespace rtprof
