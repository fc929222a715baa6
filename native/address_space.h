#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/process/process.h"
#include "native/binary.h"

namespace rtprof::native {

// What a process has mapped where, as far as code is concerned. Kept current by looking again when an address
// is in no known mapping, and when told that mappings have changed. Lives on one thread.
class AddressSpace {
 public:
  // Both outlive this.
  AddressSpace(const Process& process, BinaryCache& binaries);

  // Code at an address: of a file, at that address of its own (as linked), or of none: code that was made at
  // run time, whose binary is null and whose address is the process's.
  struct Place {
    std::shared_ptr<const Binary> binary;
    uint64_t address = 0;
  };
  // Nothing when no executable mapping holds it.
  std::optional<Place> find(Address pc);

  // Mappings may have changed; the next find() looks.
  void changed() { stale_ = true; }

 private:
  struct Region {
    Mapping mapping;
    std::shared_ptr<const Binary> binary;  // opened at the first find() in it
    bool opened = false;
  };
  Region* region_of(Address pc);
  void refresh();

  const Process& process_;
  BinaryCache& binaries_;
  std::vector<Region> regions_;  // executable ones, by address
  TimePoint refreshed_ = 0;
  bool stale_ = true;
};

}  // namespace rtprof::native
