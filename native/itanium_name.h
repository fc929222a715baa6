#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rtprof::native {

// A symbol mangled by the Itanium C++ ABI ("_Z…"), reduced to what names the function: its parameter types,
// the qualifiers of its `this` and the suffix that a compiler gives a clone (".isra.0") are left out. What is
// left is a mangled name too: "_ZNK2ns3Box4spinEi" becomes "_ZN2ns3Box4spinE". The names of thunks, tables
// and guard variables stay whole, as far as they are mangled. Nothing when the text is not of that grammar,
// or when its substitutions would expand to a name so long that it is of no use: names of a kilobyte can
// stand for texts of any length.
std::optional<std::string> without_parameters(std::string_view mangled);

}  // namespace rtprof::native
