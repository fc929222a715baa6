#pragma once

#include <string>
#include <string_view>

namespace rtprof::cli {

// Columns that a UTF-8 text takes in a terminal; what is not printable counts as one.
size_t display_width(std::string_view text);

// The text in exactly `columns` columns: filled with blanks, or cut. What is cut off is replaced by "…": the
// end of a name, the beginning of a path.
std::string fit_start(std::string_view text, size_t columns);
std::string fit_end(std::string_view text, size_t columns);

}  // namespace rtprof::cli
