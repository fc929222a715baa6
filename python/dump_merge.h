#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/process/process.h"
#include "common/process/stack_snapshot.h"
#include "common/profile/thread_dump.h"
#include "native/address_space.h"
#include "native/loop_code.h"
#include "native/stack_unwinder.h"
#include "native/workshop.h"
#include "python/machine_moment.h"
#include "python/pull_reader.h"
#include "python/stacks.h"
#include "python/thread_table.h"

namespace rtprof {

// The native frames of a dump: machine stacks taken in the moments in which threads are walked, and merged
// with Python's afterwards (native/seam.h).
class DumpMerge {
 public:
  DumpMerge(const Process& process, PythonStacks& stacks);

  // Before threads are read.
  void read_ahead(const std::vector<std::unique_ptr<SampledThread>>& threads) { moment_.read_ahead(threads); }
  // The witness of the reader.
  void witness(const SampledThread& thread, const RemoteWalker::Walk& walk, PullReader::Hold hold);

  // What was taken of a thread.
  struct Taken {
    PullReader::Hold hold = PullReader::Hold::kNothing;
    std::vector<rt_py_frame> marked;  // of Python
    StackEnd end = StackEnd::kComplete;
    std::optional<StackSnapshot> machine;
    std::vector<uint8_t> bytes;  // its stack
  };
  // In the moment of the last walk; nothing when there was none since forget().
  Taken taken() const;
  void forget();

  // The merged stack, leaf first. `python`: the frames that are shown of Python's stack, or what stands for
  // it.
  std::vector<DumpedFrame> merged(const Taken& taken, std::vector<DumpedFrame> python);

  // Tells what is missing of the stacks that were merged, and why. `no_pause`: why none could be held.
  void add_notes(ThreadDump& dump, const std::string& no_pause) const;

 private:
  std::vector<DumpedFrame> named(const native::MachineFrame& frame);

  const Process& process_;
  PythonStacks& stacks_;
  MachineMoment moment_;
  std::string no_registers_;  // why those of sleepers are not known
  Taken last_;
  native::Workshop workshop_;
  native::AddressSpace space_;
  native::StackUnwinder unwinder_;
  native::LoopCode loop_;
  Profile profile_;  // of the frames' names
  size_t missing_asleep_ = 0;
  size_t missing_running_ = 0;
};

}  // namespace rtprof
