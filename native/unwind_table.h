#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "native/binary.h"
#include "native/unwind_rules.h"

namespace rtprof::native {

class CallFrameInfo;

// The call-frame information of one binary, compiled row by row when an instruction is first asked for, so
// that a large binary costs what is sampled of it. Not for several threads.
class UnwindTable {
 public:
  explicit UnwindTable(std::shared_ptr<const Binary> binary);
  ~UnwindTable();

  // The rules for the instruction at an address of the file; null when nothing describes it. Valid until the
  // table is destroyed.
  const UnwindRules* find(uint64_t address);
  // True when the binary has no call-frame information at all.
  bool empty() const;
  // What the rules of this table refer to by index.
  const DwarfExpression& expression(int32_t index) const { return expressions_[static_cast<size_t>(index)]; }

  // Rows compiled so far, and different rules among them.
  size_t row_count() const { return rows_.size(); }
  size_t rules_count() const { return known_.size(); }

 private:
  struct Row {
    uint64_t start;
    uint64_t end;
    const UnwindRules* rules;  // null: known to be described by nothing
  };
  std::vector<Row>::iterator first_after(uint64_t address);
  // Adds the rows of the function that holds the address; `next` is the first row after it.
  void compile(uint64_t address, std::vector<Row>::iterator next);

  std::shared_ptr<const Binary> binary_;
  std::unique_ptr<CallFrameInfo> info_;
  std::vector<Row> rows_;  // by address, without overlap
  std::set<UnwindRules> known_;
  std::vector<DwarfExpression> expressions_;
};

// The tables of all binaries of a run, whatever the number of processes that have them mapped. Not for
// several threads: it belongs to the thread that unwinds.
class UnwindTables {
 public:
  UnwindTable& of(const std::shared_ptr<const Binary>& binary);

 private:
  // A table holds its binary, so a key is never reused.
  std::unordered_map<const Binary*, std::unique_ptr<UnwindTable>> tables_;
};

}  // namespace rtprof::native
