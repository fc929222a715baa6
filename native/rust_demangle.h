#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rtprof::native {

// The path that a Rust symbol stands for, without the hashes that tell crates and instances apart:
// "<[u8; 3] as demo::Trait>::go". Both manglings: the legacy one ("_ZN…17h0123456789abcdefE") and v0 ("_R…",
// https://doc.rust-lang.org/rustc/symbol-mangling/v0.html). Suffixes that LLVM adds (".llvm.123") are left
// out. Nothing for a symbol of neither form, and for one whose path would be longer than 64 KiB.
std::optional<std::string> demangle_rust(std::string_view symbol);

}  // namespace rtprof::native
