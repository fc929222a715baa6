#include "jvm/class_fields.h"

#include "jvm/compressed_stream.h"

namespace rtprof::jvm {
namespace {

constexpr uint32_t kStatic = 0x8;  // JVM_ACC_STATIC
constexpr uint32_t kMostFields = UINT16_MAX;
// Further from an object's or a mirror's begin no field is.
constexpr uint32_t kLargestOffset = 1 << 20;

// Which further numbers a field's flags tell of: its initial value, generic signature, contention group.
constexpr uint32_t kOptionalFlags[] = {1 << 0, 1 << 2, 1 << 4};

bool is_plausible(const RecordedField& field) {
  return field.name != 0 && field.name <= UINT16_MAX && field.offset != 0 && field.offset <= kLargestOffset;
}

}  // namespace

std::optional<std::vector<RecordedField>> fields_in_array(std::span<const uint8_t> records, size_t count) {
  enum Slot { kAccess, kName, kSignature, kInitialValue, kLowOffset, kHighOffset, kSlots };
  constexpr uint32_t kTagHasOffset = 1;
  constexpr int kTagBits = 2;
  constexpr size_t kRecord = kSlots * sizeof(uint16_t);
  if (count > kMostFields || records.size() / kRecord < count) return std::nullopt;
  std::vector<RecordedField> fields;
  for (size_t i = 0; i < count; ++i) {
    std::span<const uint8_t> record = records.subspan(i * kRecord, kRecord);
    auto slot = [&](Slot at) -> uint32_t { return record[2 * at] | record[2 * at + 1] << 8; };
    uint32_t packed = slot(kLowOffset) | slot(kHighOffset) << 16;
    // A class that is still being loaded.
    if ((packed & kTagHasOffset) == 0) return std::nullopt;
    RecordedField field{slot(kName), packed >> kTagBits, (slot(kAccess) & kStatic) != 0};
    if (!is_plausible(field)) return std::nullopt;
    fields.push_back(field);
  }
  return fields;
}

std::optional<std::vector<RecordedField>> fields_in_stream(std::span<const uint8_t> stream) {
  CompressedStream numbers(stream, 0, true);
  uint32_t count = numbers.number();
  numbers.number();  // of fields that HotSpot has added: they come last
  if (!numbers.ok() || count > kMostFields) return std::nullopt;
  std::vector<RecordedField> fields;
  for (uint32_t i = 0; i < count; ++i) {
    RecordedField field{.name = numbers.number()};
    numbers.number();  // of its signature
    field.offset = numbers.number();
    field.is_static = (numbers.number() & kStatic) != 0;
    uint32_t flags = numbers.number();
    for (uint32_t flag : kOptionalFlags) {
      if ((flags & flag) != 0) numbers.number();
    }
    if (!numbers.ok() || !is_plausible(field)) return std::nullopt;
    fields.push_back(field);
  }
  return fields;
}

}  // namespace rtprof::jvm
