#include "native/demangle.h"

#include <cstddef>
#include <cstdint>
#include <string>

// Any text as the name of a symbol: what it stands for must be bounded, whatever it is.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  rtprof::native::demangle(text);
  rtprof::native::demangle("_Z" + text);
  rtprof::native::demangle("_R" + text);
  return 0;
}
