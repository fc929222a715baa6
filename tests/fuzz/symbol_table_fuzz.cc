#include "native/symbol_table.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

// The symbols of a damaged file, asked for at addresses all over it. Seeded with a small shared object.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using rtprof::native::Binary;
  auto binary =
      std::make_shared<const Binary>("fuzz", std::string(reinterpret_cast<const char*>(data), size));
  rtprof::native::SymbolTable table(binary);
  for (uint64_t address = 0; address < 0x10000; address += 31) table.find(address);
  for (int bit = 16; bit < 64; ++bit) {
    for (uint64_t near : {-1, 0, 1}) table.find((uint64_t{1} << bit) + near);
  }
  return 0;
}
