#include "python/line_table.h"

namespace rtprof {
namespace {

constexpr int64_t kCodeUnit = 2;  // bytes of an instruction or of one of its cache entries

int32_t as_line(int64_t line) {
  return line > 0 && line <= INT32_MAX ? static_cast<int32_t>(line) : 0;
}

// Pairs of an unsigned step in bytes and a signed step in lines. Steps too large for a pair are spread over
// several.
int32_t line_of_lnotab(std::span<const uint8_t> table, int64_t line, int64_t offset) {
  int64_t address = 0;
  for (size_t i = 0; i + 1 < table.size(); i += 2) {
    address += table[i];
    if (address > offset) break;
    line += static_cast<int8_t>(table[i + 1]);
  }
  return as_line(line);
}

// Pairs of a range's length in bytes and the signed step to its line; a step of -128 marks a range without a
// line, which leaves the line of the others as it was.
int32_t line_of_line_table(std::span<const uint8_t> table, int64_t line, int64_t offset) {
  constexpr int8_t kNoLine = -128;
  int64_t end = 0;
  for (size_t i = 0; i + 1 < table.size(); i += 2) {
    end += table[i];
    auto step = static_cast<int8_t>(table[i + 1]);
    if (step != kNoLine) line += step;
    if (offset < end) return step == kNoLine ? 0 : as_line(line);
  }
  return 0;
}

// Reads the entries of a 3.11 location table one by one.
class LocationReader {
 public:
  LocationReader(std::span<const uint8_t> table, int64_t first_line) : table_(table), line_(first_line) {}

  // Moves to the next entry; false at the end.
  bool next() {
    if (at_ >= table_.size()) return false;
    uint8_t head = table_[at_++];
    end_ += ((head & 7) + 1) * kCodeUnit;
    uint8_t kind = (head >> 3) & 15;
    has_line_ = kind != kNone;
    if (kind == kNoColumns || kind == kLong) {
      line_ += signed_varint();
    } else if (kind >= kOneLine && kind < kNoColumns) {
      line_ += kind - kOneLine;
    }
    // Columns follow. Only the first byte of an entry has its highest bit set.
    while (at_ < table_.size() && (table_[at_] & kEntryStart) == 0) ++at_;
    return true;
  }

  int64_t end() const { return end_; }  // in bytes of bytecode
  int32_t line() const { return has_line_ ? as_line(line_) : 0; }

 private:
  // Kinds of entries; those below kOneLine are on the same line as the entry before.
  static constexpr uint8_t kOneLine = 10;
  static constexpr uint8_t kNoColumns = 13;
  static constexpr uint8_t kLong = 14;
  static constexpr uint8_t kNone = 15;
  static constexpr uint8_t kEntryStart = 0x80;

  // Six bits a byte, the lowest first; 0x40 says that more follow. The lowest bit of the whole is the sign.
  int64_t signed_varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; at_ < table_.size(); shift += 6) {
      uint8_t byte = table_[at_++];
      if (shift < 36) value |= static_cast<uint64_t>(byte & 0x3f) << shift;
      if ((byte & 0x40) == 0) break;
    }
    auto magnitude = static_cast<int64_t>(value >> 1);
    return (value & 1) != 0 ? -magnitude : magnitude;
  }

  std::span<const uint8_t> table_;
  size_t at_ = 0;
  int64_t end_ = 0;
  int64_t line_;
  bool has_line_ = false;
};

int32_t line_of_locations(std::span<const uint8_t> table, int64_t first_line, int64_t offset) {
  LocationReader reader(table, first_line);
  while (reader.next()) {
    if (offset < reader.end()) return reader.line();
  }
  return 0;
}

}  // namespace

int32_t line_of(LineTableFormat format, std::span<const uint8_t> table, int32_t first_line, int64_t offset) {
  if (offset < 0) return as_line(first_line);
  switch (format) {
    case LineTableFormat::kLnotab:
      return line_of_lnotab(table, first_line, offset);
    case LineTableFormat::kLineTable:
      return line_of_line_table(table, first_line, offset);
    case LineTableFormat::kLocations:
      return line_of_locations(table, first_line, offset);
  }
  return 0;
}

}  // namespace rtprof
