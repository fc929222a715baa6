#pragma once

#include <string>

namespace rtprof::native {

// The name of a function as a person knows it, from the name of its symbol: C++ and Rust names demangled, all
// others as they are. It is the text that `perf report` shows for the symbol, so that profiles of the two can
// be compared: perf demangles with DMGL_NO_OPTS (tools/perf/util/demangle-cxx.cpp, called with params and
// modifiers false unless -v is given), which is the qualified name with template arguments, without
// parameters, return type, qualifiers of `this` and clone suffixes. Rust names have no hash:
// "std::io::Write::flush". A name that cannot be demangled, or only to a text of more than 64 KiB, is
// returned as it is.
std::string demangle(const std::string& symbol);

}  // namespace rtprof::native
