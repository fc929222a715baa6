#include "native/loop_code.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "common/process/stack_snapshot.h"
#include "native/call_frame_info.h"
#include "native/unwind_table.h"

namespace rtprof::native {
namespace {

// A compiler that optimises by a profile moves what it takes for seldom into a part of its own: of an
// interpreter that may be nearly all of it. Only .symtab names that part, as FUNCTION.cold, and distributions
// leave .symtab out.
//
// What gives it away: call-frame information describes it apart, from its first instruction on with the frame
// that the function has made by then and no function begins with; and the function jumps there. Bytes that
// look like a jump and are none lead anywhere; so it is the part that most jumps lead to.

// On entry to a function its caller's stack pointer is that register's value, plus the return address.
bool begins_like_a_function(const UnwindRules& rules) {
  return rules.cfa == UnwindRule{UnwindRule::Kind::kRegister, Registers::kRsp, 8};
}

// Calls `use(target)` for each rel32 jump, conditional or not, of the code at `address` (Intel SDM, volume 2:
// E9, 0F 80 to 0F 8F).
template <typename Use>
void for_each_jump(const std::string& code, uint64_t address, Use use) {
  constexpr size_t kRelative = sizeof(int32_t);
  for (size_t at = 1; at + kRelative < code.size(); ++at) {
    auto opcode = static_cast<uint8_t>(code[at]);
    bool conditional = static_cast<uint8_t>(code[at - 1]) == 0x0f && (opcode & 0xf0) == 0x80;
    if (!conditional && opcode != 0xe9) continue;
    int32_t relative;
    std::memcpy(&relative, code.data() + at + 1, kRelative);
    use(address + at + 1 + kRelative + static_cast<uint64_t>(static_cast<int64_t>(relative)));
  }
}

}  // namespace

std::optional<LoopCode::Range> LoopCode::cold_part(const std::shared_ptr<const Binary>& binary,
                                                   const ElfFile& elf, Range function) {
  auto code = elf.bytes_at(function.start, function.end - function.start);
  if (!code) return std::nullopt;
  CallFrameInfo info(*binary);
  UnwindTable table(binary);
  std::map<uint64_t, std::pair<uint64_t, size_t>> parts;  // start → end, jumps to it
  for_each_jump(*code, function.start, [&](uint64_t target) {
    if (target >= function.start && target < function.end) return;
    auto entry = info.find(target);
    if (!entry) return;
    auto [part, is_new] = parts.try_emplace(entry->start, entry->end, 0);
    ++part->second.second;
  });
  std::optional<Range> best;
  size_t most = 0;
  for (const auto& [start, part] : parts) {
    const UnwindRules* rules = table.find(start);
    if (part.second <= most || rules == nullptr || begins_like_a_function(*rules)) continue;
    best = {start, part.first};
    most = part.second;
  }
  return best;
}

const std::vector<LoopCode::Range>& LoopCode::ranges_of(const std::shared_ptr<const Binary>& binary) {
  auto [known, is_new] = ranges_.try_emplace(binary);
  if (!is_new) return known->second;
  auto elf = binary->open_elf();
  if (!elf) return known->second;
  auto symbol = elf->symbol(function_);
  if (!symbol || symbol->size == 0) return known->second;
  Range function{symbol->address, symbol->address + symbol->size};
  known->second.push_back(function);
  if (auto cold = cold_part(binary, *elf, function)) known->second.push_back(*cold);
  return known->second;
}

bool LoopCode::contains(const AddressSpace::Place& place) {
  if (!place.binary) return false;
  const auto& ranges = ranges_of(place.binary);
  return std::any_of(ranges.begin(), ranges.end(), [&](const Range& range) {
    return place.address >= range.start && place.address < range.end;
  });
}

std::vector<uint8_t> LoopCode::marks(AddressSpace& space, std::span<const MachineFrame> frames) {
  std::vector<uint8_t> is_loop;
  for (const MachineFrame& frame : frames) {
    auto place = space.find(frame.lookup());
    is_loop.push_back(place && contains(*place) ? 1 : 0);
  }
  return is_loop;
}

}  // namespace rtprof::native
