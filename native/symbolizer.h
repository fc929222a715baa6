#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/process/process.h"
#include "common/profile/profile.h"
#include "kernel/kernel_symbols.h"
#include "native/address_space.h"
#include "native/symbol_table.h"

namespace rtprof::native {

// Names the addresses of machine code: those of native stacks and those of the kernel. One for all processes
// of a run, so that a library is read once however many processes have mapped it. Lives on one thread, that
// which names, and is used with one Profile at a time: another one starts with an empty cache.
//
// The address of a frame whose pc is a return address is pc - 1: MachineFrame::lookup().
class Symbolizer {
 public:
  // Appends the frame of a place. Its function has no name (0) where there is no symbol; its module is the
  // path of the binary.
  void name(const AddressSpace::Place& place, Profile& profile, std::vector<FrameId>& leaf_first);
  FrameId kernel_frame(uint64_t address, Profile& profile);

  // Read at the first use.
  const kernel::KernelSymbols& kernel_symbols();

 private:
  struct Key {
    const Binary* binary;
    uint64_t address;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      return std::hash<uint64_t>()(key.address ^ (reinterpret_cast<uintptr_t>(key.binary) << 16));
    }
  };
  // What is known of a binary; it keeps the binary, whose address is part of keys.
  struct Known {
    std::shared_ptr<const Binary> binary;
    SymbolTable symbols;
  };

  void use(const Profile& profile);
  const Known& known(const std::shared_ptr<const Binary>& binary);

  const Profile* profile_ = nullptr;  // that the cached frames are of
  std::unordered_map<Key, FrameId, KeyHash> frames_;
  std::unordered_map<const Binary*, Known> known_;
  std::optional<kernel::KernelSymbols> kernel_;
};

}  // namespace rtprof::native
