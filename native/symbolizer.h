#pragma once

#include <cstdint>
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
#include "native/perf_map.h"
#include "native/source_lines.h"
#include "native/symbol_table.h"

namespace rtprof::native {

// Names the addresses of machine code: those of native stacks and those of the kernel. One for all processes
// of a run, so that a library is read once however many processes have mapped it. Lives on one thread, that
// which names, and is used with one Profile at a time: another one starts with an empty cache.
//
// The address of a frame whose pc is a return address is pc - 1: MachineFrame::lookup().
class Symbolizer {
 public:
  // Appends the frame of a place in a process. Its function has no name (0) where there is no symbol; its
  // module is the path of the binary. Code that was made at run time has its name from the process's perf
  // map; its module is "[jit]", or "[anon]" where no map names it. `lines`: with file and line, and preceded
  // by the functions that are inlined there, the innermost first.
  void frames(const AddressSpace::Place& place, const Process& process, bool lines, Profile& profile,
              std::vector<FrameId>& leaf_first);
  // Its module is "[kernel]" or the name of a kernel module.
  FrameId kernel_frame(uint64_t address, Profile& profile);

  // Read at the first use.
  const kernel::KernelSymbols& kernel_symbols();

 private:
  // What is known of a binary. It keeps the binary, so that none can take its address in known_.
  struct Known {
    std::shared_ptr<const Binary> binary;
    SymbolTable symbols;
    SourceLines lines;
    std::unordered_map<uint64_t, FrameId> frames;
    std::unordered_map<uint64_t, std::vector<FrameId>> frames_with_lines;  // leaf first
  };
  // What is known of the code that a process makes at run time.
  struct Made {
    PerfMap map;
    std::unordered_map<uint64_t, FrameId> frames;
  };

  void use(const Profile& profile);
  Known& known(const std::shared_ptr<const Binary>& binary);
  Frame frame_at(Known& known, uint64_t address, Profile& profile);
  const std::vector<FrameId>& frames_with_lines(Known& known, uint64_t address, Profile& profile);
  FrameId made_frame(const Process& process, uint64_t address, Profile& profile);

  const Profile* profile_ = nullptr;  // that the cached frames are of
  std::unordered_map<const Binary*, Known> known_;
  std::map<std::pair<pid_t, uint64_t>, Made> made_;  // by pid and start time
  std::unordered_map<uint64_t, FrameId> kernel_frames_;
  std::optional<kernel::KernelSymbols> kernel_;
};

}  // namespace rtprof::native
