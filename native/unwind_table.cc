#include "native/unwind_table.h"

#include <algorithm>

#include "native/call_frame_info.h"
#include "native/rule_compiler.h"

namespace rtprof::native {

UnwindTable::UnwindTable(std::shared_ptr<const Binary> binary)
    : binary_(std::move(binary)), info_(std::make_unique<CallFrameInfo>(*binary_)) {}
UnwindTable::~UnwindTable() = default;

bool UnwindTable::empty() const {
  return info_->empty();
}

UnwindTable::Row UnwindTable::compile(uint64_t address) {
  Row row{address, address + 1, nullptr};
  auto frame = info_->frame_at(address);
  if (frame == nullptr) return row;
  // The start that libdw gives is too low after DW_CFA_restore_state: it is the remembered state's (seen in
  // 0.188). What lies between a row's real start and `address` is found when it is asked for.
  Dwarf_Addr end = 0;
  if (dwarf_frame_info(frame.get(), nullptr, &end, nullptr) < 0) return row;
  row.rules = &*known_.insert(compile_rules(frame.get(), expressions_)).first;
  row.end = std::max<uint64_t>(end, row.end);
  return row;
}

const UnwindRules* UnwindTable::find(uint64_t address) {
  if (empty()) return nullptr;
  auto next = std::upper_bound(rows_.begin(), rows_.end(), address,
                               [](uint64_t wanted, const Row& row) { return wanted < row.start; });
  if (next != rows_.begin() && address < std::prev(next)->end) return std::prev(next)->rules;
  Row row = compile(address);
  if (next != rows_.end() && row.end >= next->start) {
    if (row.rules == next->rules) {
      next->start = address;
      return row.rules;
    }
    // Corrupt information can give ranges that overlap; what is known stays.
    row.end = next->start;
  }
  return rows_.insert(next, row)->rules;
}

UnwindTable& UnwindTables::of(const std::shared_ptr<const Binary>& binary) {
  auto& table = tables_[binary.get()];
  if (!table) table = std::make_unique<UnwindTable>(binary);
  return *table;
}

}  // namespace rtprof::native
