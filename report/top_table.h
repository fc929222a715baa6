#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/profile/profile.h"
#include "report/options.h"

namespace rtprof {

struct TopRow {
  std::string text;
  int64_t self = 0;   // weight of the samples in which it is the leaf
  int64_t total = 0;  // weight of the samples in which it is anywhere, each once however deep it recurses
};

struct TopTable {
  std::vector<TopRow> rows;  // sorted by options.sort, heaviest first; all of them
  int64_t weight = 0;        // of all samples that the options keep
  uint64_t samples = 0;
};

// Which functions, lines, modules or threads (options.by) the weight of an event went to.
TopTable top_table(const Profile& profile, const Series& series, const ReportOptions& options);

// The first options.rows of it as text, below a head that says what was recorded.
std::string render_text(const Profile& profile, const Series& series, const ReportOptions& options);

}  // namespace rtprof
