#include "native/frame_section.h"

#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "native/byte_reader.h"

namespace rtprof::native {
namespace {

constexpr unsigned char kIdent[EI_NIDENT] = {ELFMAG0,    ELFMAG1,     ELFMAG2,   ELFMAG3,
                                             ELFCLASS64, ELFDATA2LSB, EV_CURRENT};
// How .eh_frame_hdr encodes its table when linkers made it.
constexpr uint8_t kTableEncoding = DW_EH_PE_datarel | DW_EH_PE_sdata4;
constexpr size_t kTableEntrySize = 2 * sizeof(int32_t);

std::span<const uint8_t> span_of(const std::string& bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

// A number as DW_EH_PE_* says. Nothing for an encoding that no one uses here, or when the bytes end.
std::optional<uint64_t> read_number(ByteReader& reader, uint8_t encoding) {
  uint64_t value = 0;
  switch (encoding & 0x0f) {
    case DW_EH_PE_absptr:
    case DW_EH_PE_udata8:
    case DW_EH_PE_sdata8:
      value = reader.fixed<uint64_t>();
      break;
    case DW_EH_PE_udata4:
      value = reader.fixed<uint32_t>();
      break;
    case DW_EH_PE_sdata4:
      value = static_cast<uint64_t>(static_cast<int64_t>(reader.fixed<int32_t>()));
      break;
    case DW_EH_PE_udata2:
      value = reader.fixed<uint16_t>();
      break;
    case DW_EH_PE_sdata2:
      value = static_cast<uint64_t>(static_cast<int64_t>(reader.fixed<int16_t>()));
      break;
    case DW_EH_PE_uleb128:
      value = reader.uleb();
      break;
    case DW_EH_PE_sleb128:
      value = static_cast<uint64_t>(reader.sleb());
      break;
    default:
      return std::nullopt;
  }
  return reader.ok() ? std::optional(value) : std::nullopt;
}

// An address; `here` is that of the reader's first byte.
std::optional<uint64_t> read_address(ByteReader& reader, uint8_t encoding, uint64_t here) {
  uint64_t own_address = here + reader.position();
  auto number = read_number(reader, encoding);
  if (!number) return std::nullopt;
  switch (encoding & 0xf0) {  // DW_EH_PE_indirect, in the top bit, needs the process's memory
    case DW_EH_PE_absptr:
      return number;
    case DW_EH_PE_pcrel:
      return own_address + *number;
    default:
      return std::nullopt;
  }
}

// What the augmentation string of a CIE says (LSB 5.0, section 10.6.1.1.1).
struct Augmentation {
  uint8_t address_encoding = DW_EH_PE_absptr;
  bool has_data = false;  // each entry has a block of data of its own
  bool is_signal_frame = false;
};

// Nothing when there is something unknown in it, after which nothing can be found.
std::optional<Augmentation> read_augmentation(const Dwarf_CIE& cie) {
  Augmentation result;
  std::string_view letters = cie.augmentation == nullptr ? "" : cie.augmentation;
  if (letters.empty()) return result;
  if (letters[0] != 'z') return std::nullopt;
  result.has_data = true;
  ByteReader data({cie.augmentation_data, cie.augmentation_data == nullptr ? 0 : cie.augmentation_data_size});
  for (char letter : letters.substr(1)) {
    switch (letter) {
      case 'R':
        result.address_encoding = data.u8();
        break;
      case 'L':
        data.u8();
        break;
      case 'P':
        if (!read_number(data, data.u8())) return std::nullopt;
        break;
      case 'S':
        result.is_signal_frame = true;
        break;
      default:
        return std::nullopt;
    }
  }
  return data.ok() ? std::optional(result) : std::nullopt;
}

}  // namespace

std::optional<uint64_t> address_of_eh_frame(const std::string& index, uint64_t address) {
  ByteReader reader(span_of(index));
  bool is_known = reader.u8() == 1;
  uint8_t encoding = reader.u8();
  reader.take(2);
  return is_known ? read_address(reader, encoding, address) : std::nullopt;
}

FrameSection::FrameSection(Kind kind, std::string bytes, uint64_t address, std::string index,
                           uint64_t index_address)
    : kind_(kind),
      bytes_(std::move(bytes)),
      address_(address),
      index_(std::move(index)),
      index_address_(index_address),
      table_(read_table()) {}

std::optional<FrameSection::Table> FrameSection::read_table() const {
  if (index_.empty()) return std::nullopt;
  ByteReader reader(span_of(index_));
  uint8_t version = reader.u8();
  uint8_t pointer_encoding = reader.u8();
  uint8_t count_encoding = reader.u8();
  uint8_t table_encoding = reader.u8();
  if (version != 1 || table_encoding != kTableEncoding) return std::nullopt;
  auto section = read_address(reader, pointer_encoding, index_address_);
  auto count = read_number(reader, count_encoding);
  if (!section || *section != address_ || !count) return std::nullopt;
  if (*count > (index_.size() - reader.position()) / kTableEntrySize) return std::nullopt;
  return Table{reader.position(), *count};
}

void FrameSection::index_all() {
  Elf_Data data{};
  data.d_buf = bytes_.data();
  data.d_size = bytes_.size();
  Dwarf_Off offset = 0;
  while (offset < bytes_.size()) {
    Dwarf_Off next = 0;
    Dwarf_CFI_Entry entry;
    int result = dwarf_next_cfi(kIdent, &data, kind_ == Kind::kEhFrame, offset, &next, &entry);
    if (result == 1 || next <= offset) break;
    if (result == 0 && !dwarf_cfi_cie_p(&entry)) {
      if (auto found = entry_at(offset)) entries_.push_back({found->start, found->end, offset});
    }
    offset = next;
  }
  std::sort(entries_.begin(), entries_.end(),
            [](const Indexed& left, const Indexed& right) { return left.start < right.start; });
}

std::optional<uint64_t> FrameSection::offset_by_table(uint64_t address) const {
  auto field = [&](size_t index) {
    int32_t value = 0;
    std::memcpy(&value, index_.data() + table_->position + index * sizeof value, sizeof value);
    return index_address_ + static_cast<uint64_t>(static_cast<int64_t>(value));
  };
  size_t first = 0;
  size_t count = table_->count;
  while (count > 0) {  // until `first` is the number of entries that start at or below the address
    size_t half = count / 2;
    if (field(2 * (first + half)) <= address) {
      first += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  if (first == 0) return std::nullopt;
  return field(2 * (first - 1) + 1) - address_;
}

std::optional<uint64_t> FrameSection::offset_by_scan(uint64_t address) {
  if (!std::exchange(is_indexed_, true)) index_all();
  auto next = std::upper_bound(entries_.begin(), entries_.end(), address,
                               [](uint64_t wanted, const Indexed& entry) { return wanted < entry.start; });
  if (next == entries_.begin() || address >= std::prev(next)->end) return std::nullopt;
  return std::prev(next)->offset;
}

std::optional<FrameEntry> FrameSection::find(uint64_t address) {
  auto offset = table_ ? offset_by_table(address) : offset_by_scan(address);
  if (!offset) return std::nullopt;
  auto entry = entry_at(*offset);
  if (!entry || address < entry->start || address >= entry->end) return std::nullopt;
  return entry;
}

std::optional<FrameEntry> FrameSection::entry_at(uint64_t offset) const {
  Elf_Data data{};
  data.d_buf = const_cast<char*>(bytes_.data());
  data.d_size = bytes_.size();
  auto read = [&](uint64_t at, Dwarf_CFI_Entry& entry) {
    Dwarf_Off next = 0;
    return at < bytes_.size() &&
           dwarf_next_cfi(kIdent, &data, kind_ == Kind::kEhFrame, at, &next, &entry) == 0;
  };
  Dwarf_CFI_Entry fde;
  Dwarf_CFI_Entry cie;
  if (!read(offset, fde) || dwarf_cfi_cie_p(&fde)) return std::nullopt;
  if (!read(fde.fde.CIE_pointer, cie) || !dwarf_cfi_cie_p(&cie)) return std::nullopt;
  auto augmentation = read_augmentation(cie.cie);
  if (!augmentation) return std::nullopt;

  std::span<const uint8_t> body(fde.fde.start, fde.fde.end);
  ByteReader reader(body);
  uint64_t here = address_ + static_cast<uint64_t>(body.data() - span_of(bytes_).data());
  auto start = read_address(reader, augmentation->address_encoding, here);
  auto size = read_number(reader, augmentation->address_encoding);
  if (augmentation->has_data) reader.take(reader.uleb());
  if (!start || !size || !reader.ok() || *start + *size < *start) return std::nullopt;

  FrameEntry entry;
  entry.start = *start;
  entry.end = *start + *size;
  entry.initial = {cie.cie.initial_instructions, cie.cie.initial_instructions_end};
  entry.program = body.subspan(reader.position());
  entry.code_alignment = cie.cie.code_alignment_factor;
  entry.data_alignment = cie.cie.data_alignment_factor;
  entry.return_address_register = cie.cie.return_address_register;
  entry.is_signal_frame = augmentation->is_signal_frame;
  return entry;
}

}  // namespace rtprof::native
