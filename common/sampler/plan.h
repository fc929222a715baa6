#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/profile/event.h"

namespace rtprof {

// How the callers of machine code are found.
enum class UnwindMethod : uint8_t {
  kAuto,          // by call-frame information where a binary has it, else by frame pointers
  kFramePointer,  // cheap; wrong callers in code that keeps no frame pointer
  kDwarf,         // by call-frame information only
};

// What is to be recorded, as asked for on the command line.
struct SamplingPlan {
  std::vector<Event> events{Event::kCpu};
  double rate = 99;                    // samples a second and thread
  std::optional<Mechanism> mechanism;  // insisted on; the best permitted when empty
  bool nonblocking = false;            // never pause the target
  double max_pause_share = 0.1;        // most of any second that a thread may be held
  bool gil_only = false;               // Python: only time while holding the GIL
  bool lock_share = false;             // tell how much of the time the runtime's lock was held
  bool idle = false;                   // cpu counts elapsed time of every thread
  UnwindMethod unwind = UnwindMethod::kAuto;
  bool native = false;        // a runtime's stacks with the machine's frames that it called
  bool native_lines = false;  // file and line of machine code, and inlined functions as frames
  bool jit_marks = false;     // JVM: frames tell whether they were interpreted, compiled or inlined
  bool threads = false;       // threads are told apart: virtual ones, too
  bool signatures = false;    // JVM: names of methods have their signatures
  // Where they are permitted: offcpu shows where in the kernel a thread waits, stacks of machine code where
  // in the kernel it runs.
  bool kernel_frames = true;
  bool wakers = false;                       // offcpu: tell who ended each wait
  uint64_t allocation_interval = 512 << 10;  // alloc: mean bytes between samples
  bool allocation_types = true;              // alloc: the type of the object is the leaf frame
  bool live = false;                         // alloc: only what is still in use
  bool live_as_of_now = false;               // live: also what no collection has looked at
  bool ages = false;                         // live: the age of an object is a root frame
  Nanoseconds lock_threshold = 10'000;       // lock: shorter waits are not recorded
  bool agents = true;                        // whether anything may be loaded into a target
  Nanoseconds min_wait = 0;                  // offcpu: waits to keep, off the CPU for so long as a whole
  Nanoseconds max_wait = std::numeric_limits<Nanoseconds>::max();
  // How long to wait for a runtime that is still starting.
  Nanoseconds patience = 2 * kSecond;

  bool has(Event event) const {
    for (Event each : events) {
      if (each == event) return true;
    }
    return false;
  }
  Nanoseconds period() const { return static_cast<Nanoseconds>(1e9 / rate); }
};

}  // namespace rtprof
