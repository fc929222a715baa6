#include "native/demangle.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

#include "native/itanium_name.h"
#include "native/rust_demangle.h"

namespace rtprof::native {

std::string demangle(const std::string& symbol) {
  if (!symbol.starts_with("_Z") && !symbol.starts_with("_R")) return symbol;
  if (auto rust = demangle_rust(symbol)) return *rust;
  auto name = without_parameters(symbol);
  if (!name) return symbol;
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(name->c_str(), nullptr, nullptr, &status), &std::free);
  return text ? std::string(text.get()) : symbol;
}

}  // namespace rtprof::native
