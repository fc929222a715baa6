#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rtprof::native {

// Decodes a symbol of Rust's v0 mangling, as demangle_rust() does.
std::optional<std::string> demangle_rust_v0(std::string_view symbol);

}  // namespace rtprof::native
