#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/result.h"
#include "kernel/perf_records.h"
#include "kernel/perf_rings.h"

namespace rtprof::kernel {

// What a BPF program outputs before a sample is taken, brought to the sample. It is written to the same ring,
// right before it, by an event of its own for each CPU.
class PerfProgramOutput {
 public:
  // Puts the events into `map`, of type perf_event_array, at the numbers of their CPUs. Both outlive this.
  static Result<PerfProgramOutput> open(int map, const PerfRings& rings);

  // Whether a record of a ring is output of the program. It is kept for the sample that follows on its CPU.
  bool keep(std::span<const uint64_t> record);
  // What belongs to a sample; empty when there is nothing, or it was lost. Valid until the next keep() or
  // take().
  std::span<const uint8_t> take(const RecordId& sample);

 private:
  struct Kept {
    RecordId id;
    std::vector<uint8_t> bytes;
  };

  PerfProgramOutput() = default;

  std::vector<UniqueFd> events_;
  std::map<uint64_t, uint32_t> cpu_of_event_;  // by the event's id
  std::map<uint32_t, Kept> kept_;              // by CPU
  std::vector<uint8_t> taken_;
};

// The program's bytes in a record of program_output_attributes(); empty when it is not whole.
std::span<const uint8_t> raw_of_perf_record(std::span<const uint64_t> record);

}  // namespace rtprof::kernel
