#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/elf/elf_file.h"
#include "native/address_space.h"
#include "native/binary.h"
#include "native/unwinder.h"

namespace rtprof::native {

// Which code is the evaluation loop of a runtime's interpreter: a function with the parts that the compiler
// has moved out of it. Lives on one thread.
class LoopCode {
 public:
  // `function`: its symbol, "_PyEval_EvalFrameDefault".
  explicit LoopCode(std::string function) : function_(std::move(function)) {}

  bool contains(const AddressSpace::Place& place);
  // For each frame of a machine stack whether it is one of the loop's, as SeamInput wants it.
  std::vector<uint8_t> marks(AddressSpace& space, std::span<const MachineFrame> frames);

 private:
  struct Range {
    uint64_t start = 0;
    uint64_t end = 0;
  };
  static std::optional<Range> cold_part(const std::shared_ptr<const Binary>& binary, const ElfFile& elf,
                                        Range function);
  const std::vector<Range>& ranges_of(const std::shared_ptr<const Binary>& binary);

  const std::string function_;
  std::map<std::shared_ptr<const Binary>, std::vector<Range>> ranges_;
};

}  // namespace rtprof::native
