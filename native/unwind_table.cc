#include "native/unwind_table.h"

#include <algorithm>

#include "native/call_frame_info.h"
#include "native/frame_program.h"

namespace rtprof::native {

UnwindTable::UnwindTable(std::shared_ptr<const Binary> binary)
    : binary_(std::move(binary)), info_(std::make_unique<CallFrameInfo>(*binary_)) {}
UnwindTable::~UnwindTable() = default;

bool UnwindTable::empty() const {
  return info_->empty();
}

const UnwindRules* UnwindTable::find(uint64_t address) {
  if (empty()) return nullptr;
  auto next = first_after(address);
  if (next != rows_.begin() && address < std::prev(next)->end) return std::prev(next)->rules;
  compile(address, next);
  next = first_after(address);
  if (next != rows_.begin() && address < std::prev(next)->end) return std::prev(next)->rules;
  rows_.insert(next, Row{address, address + 1, nullptr});
  return nullptr;
}

std::vector<UnwindTable::Row>::iterator UnwindTable::first_after(uint64_t address) {
  return std::upper_bound(rows_.begin(), rows_.end(), address,
                          [](uint64_t wanted, const Row& row) { return wanted < row.start; });
}

void UnwindTable::compile(uint64_t address, std::vector<Row>::iterator next) {
  auto entry = info_->find(address);
  if (!entry) return;
  // Corrupt information can describe an instruction twice; what is known stays.
  uint64_t lowest = next == rows_.begin() ? 0 : std::prev(next)->end;
  uint64_t highest = next == rows_.end() ? ~uint64_t{0} : next->start;
  std::vector<Row> rows;
  for (RuleRow& row : run_frame_program(*entry, expressions_)) {
    uint64_t start = std::max(row.start, lowest);
    uint64_t end = std::min(row.end, highest);
    if (start < end) rows.push_back({start, end, &*known_.insert(std::move(row.rules)).first});
  }
  rows_.insert(next, rows.begin(), rows.end());
}

UnwindTable& UnwindTables::of(const std::shared_ptr<const Binary>& binary) {
  auto& table = tables_[binary.get()];
  if (!table) table = std::make_unique<UnwindTable>(binary);
  return *table;
}

}  // namespace rtprof::native
