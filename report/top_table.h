#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/profile/folded_samples.h"
#include "common/profile/profile.h"
#include "report/options.h"
#include "report/view.h"

namespace rtprof {

struct TopRow {
  std::string text;  // as frames are displayed
  // The same in two columns: what, and where it is ("file.py:12"; empty when it has no place).
  std::string function;
  std::string place;
  int64_t self = 0;   // weight of the samples in which it is the leaf
  int64_t total = 0;  // weight of the samples in which it is anywhere, each once however deep it recurses
  // The same by Reason.
  std::array<int64_t, kReasonCount> self_of{};
  std::array<int64_t, kReasonCount> total_of{};

  // What most of its own weight is spent for, or of its total where it has none of its own.
  Reason main_reason() const;
};

// Adds up which functions, lines, modules or threads (options.by) the weight of samples goes to.
class TopCounter {
 public:
  // The profile outlives it and may grow between calls.
  TopCounter(const Profile& profile, ReportOptions options);
  ~TopCounter();
  TopCounter(const TopCounter&) = delete;
  TopCounter& operator=(const TopCounter&) = delete;

  // Counts those that the options keep.
  void add(Event event, const FoldedSamples& samples);

  // In the order in which they were met first: a row keeps its index.
  const std::vector<TopRow>& rows() const { return rows_; }
  int64_t weight() const { return weight_; }
  uint64_t samples() const { return samples_; }

 private:
  class Rows;

  const ReportOptions options_;
  View view_;  // for what the options keep
  std::unique_ptr<Rows> row_ids_;
  std::vector<TopRow> rows_;
  int64_t weight_ = 0;
  uint64_t samples_ = 0;
};

struct TopTable {
  std::vector<TopRow> rows;  // sorted by options.sort, heaviest first; all of them
  int64_t weight = 0;        // of all samples that the options keep
  uint64_t samples = 0;
};

// Where the weight of a whole series went.
TopTable top_table(const Profile& profile, const Series& series, const ReportOptions& options);

// The first options.rows of it as text, below a head that says what was recorded.
std::string render_text(const Profile& profile, const Series& series, const ReportOptions& options);

}  // namespace rtprof
