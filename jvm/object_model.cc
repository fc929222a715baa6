#include "jvm/object_model.h"

#include <fmt/core.h>

#include <bit>
#include <map>
#include <string_view>

#include "jvm/vm_flags.h"

namespace rtprof::jvm {
namespace {

constexpr std::string_view kFlags[] = {"UseCompressedOops", "UseCompressedClassPointers",
                                       "UseCompactObjectHeaders", "UseZGC", "ZGenerational"};
// A mark whose lowest bits are these leads to where the object is now (markWord::marked_value).
constexpr uint64_t kMoved = 3;

// A reference of generational ZGC has one of four bits set above 12 bits of other colours, and the address
// begins right above that bit (gc/z/zAddress.hpp, x86: ZPointerLoadShiftTable).
constexpr int kFirstRemappedBit = 12;
constexpr int kRemappedBits = 4;
constexpr uint64_t kRememberedMask = 3 << 4;

std::optional<uint64_t> pointed_to(const Memory& memory, Address globals, const Member& member) {
  auto structure = globals != 0 ? memory.pointer(globals) : std::nullopt;
  auto variable = structure && *structure != 0 ? member.at(memory, *structure) : std::nullopt;
  return variable ? memory.get<uint64_t>(static_cast<Address>(*variable)) : std::nullopt;
}

}  // namespace

// With generations or without, as coding_ says.
void ObjectModel::choose_colours(const Memory& memory, const ZLayout& layout) {
  z_ = &layout;
  auto variable = [&](const Member& member) { return pointed_to(memory, layout.globals, member); };
  offset_mask_ = variable(layout.offset_mask).value_or(static_cast<uint64_t>(layout.fixed_offset_mask));
  good_mask_ = variable(has_generations() ? layout.load_good_mask : layout.good_mask).value_or(0);
  weak_bad_mask_ = variable(layout.weak_bad_mask).value_or(0);
}

Result<ObjectModel> ObjectModel::read(const Memory& memory, const ObjectLayout& layout) {
  if (!layout.missing.empty()) return Failure{"HotSpot does not describe " + layout.missing};
  auto oop_base = memory.pointer(layout.narrow_oop_base);
  auto oop_shift = memory.get<uint32_t>(layout.narrow_oop_shift);
  auto klass_base = memory.pointer(layout.narrow_klass_base);
  auto klass_shift = memory.get<uint32_t>(layout.narrow_klass_shift);
  if (!oop_base || !oop_shift || !klass_base || !klass_shift)
    return Failure{"how it compresses references cannot be read"};
  auto flags = boolean_flags(memory, layout, kFlags);
  auto is_set = [&](std::string_view name, bool otherwise) {
    auto flag = flags.find(name);
    return flag == flags.end() ? otherwise : flag->second;
  };
  // Each JDK has one of them, or the other.
  if (!flags.contains("UseCompressedOops")) return Failure{"its flags cannot be read"};

  ObjectModel model;
  constexpr uint32_t kLargestShift = 63;
  model.reference_base_ = *oop_base;
  model.reference_shift_ = *oop_shift & kLargestShift;
  model.class_base_ = *klass_base;
  model.class_shift_ = *klass_shift & kLargestShift;
  // A flag that is gone is always on.
  model.compressed_classes_ = is_set("UseCompressedClassPointers", true);
  if (is_set("UseCompactObjectHeaders", false)) model.class_shift_in_mark_ = layout.klass_shift_in_mark;
  if (is_set("UseZGC", false)) {
    bool has_generations = layout.z.load_good_mask.exists() && is_set("ZGenerational", true);
    model.coding_ = has_generations ? Coding::kColouredLow : Coding::kColouredHigh;
    model.choose_colours(memory, has_generations || layout.x.globals == 0 ? layout.z : layout.x);
  } else if (is_set("UseCompressedOops", true)) {
    model.coding_ = Coding::kCompressed;
  }
  return model;
}

Address ObjectModel::from_field(uint64_t value) const {
  if (coding_ != Coding::kCompressed) return from_root(value);
  uint64_t narrow = value & UINT32_MAX;
  return narrow == 0 ? 0 : reference_base_ + (narrow << reference_shift_);
}

Address ObjectModel::from_root(uint64_t value) const {
  if (coding_ == Coding::kColouredHigh)
    return (value & offset_mask_) == 0 ? 0 : (value & offset_mask_) | good_mask_;
  if (coding_ != Coding::kColouredLow) return value;
  for (int bit = 0; bit < kRemappedBits; ++bit) {
    if ((value >> (kFirstRemappedBit + bit) & 1) != 0) return value >> (kFirstRemappedBit + bit + 1);
  }
  return 0;
}

ZRelocation ObjectModel::relocation(uint64_t value) const {
  if (coding_ == Coding::kColouredHigh)
    return (value & weak_bad_mask_) != 0 ? ZRelocation::kYoung : ZRelocation::kNone;
  if (coding_ != Coding::kColouredLow) return ZRelocation::kNone;
  // Which of the four bits is set: twice the flip of the old generation, plus that of the young one.
  auto flips = [](uint64_t colours) { return std::countr_zero(colours >> kFirstRemappedBit); };
  switch (flips(value) ^ flips(good_mask_)) {
    case 0:
      return ZRelocation::kNone;
    case 1:
      return ZRelocation::kYoung;
    case 2:
      return ZRelocation::kOld;
    default:
      // One from an old object to an old one (ZBarrier::remap_generation).
      return (value & kRememberedMask) == kRememberedMask ? ZRelocation::kOld : ZRelocation::kEither;
  }
}

Address ObjectModel::klass(const ObjectHeader& header) const {
  if (class_shift_in_mark_ != 0) return class_base_ + (header[0] >> class_shift_in_mark_ << class_shift_);
  if (compressed_classes_) return class_base_ + ((header[1] & UINT32_MAX) << class_shift_);
  return header[1];
}

ObjectModel::Rules ObjectModel::rules(Address klass) const {
  Rules rules{
      .coding = coding_, .base = reference_base_, .shift = reference_shift_, .offset_mask = offset_mask_};
  if (coding_ == Coding::kColouredHigh) rules.base = good_mask_;
  bool is_in_mark = class_shift_in_mark_ != 0;
  rules.class_at = is_in_mark ? 0 : sizeof(uint64_t);
  rules.class_shift = class_shift_in_mark_;
  rules.class_mask = compressed_classes_ && !is_in_mark ? UINT32_MAX : UINT64_MAX;
  bool is_narrow = compressed_classes_ || is_in_mark;
  rules.class_value = is_narrow ? (klass - class_base_) >> class_shift_ : klass;
  return rules;
}

std::optional<Address> ObjectModel::moved_to(const ObjectHeader& header) {
  Address to = header[0] & ~kMoved;
  return (header[0] & kMoved) == kMoved && to != 0 ? std::optional(to) : std::nullopt;
}

uint32_t ObjectModel::array_length_offset() const {
  if (class_shift_in_mark_ != 0) return sizeof(uint64_t);
  return sizeof(uint64_t) + (compressed_classes_ ? sizeof(uint32_t) : sizeof(uint64_t));
}

}  // namespace rtprof::jvm
