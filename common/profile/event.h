#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rtprof {

enum class Event : uint8_t { kCpu, kWall, kAlloc, kLock, kOffCpu };

// The word of the command line: "cpu", "wall", "alloc", "lock", "offcpu".
std::string_view event_name(Event event);
std::optional<Event> event_from_name(std::string_view name);

// True where weights are nanoseconds; alloc weighs bytes.
bool is_time_event(Event event);

// What a thread was doing while time passed: the frame below the root in wall and offcpu profiles.
enum class Reason : uint8_t {
  kNone,
  kRunning,
  kRunnable,   // woken, or gave its CPU up, and waits for one
  kPreempted,  // was taken off its CPU while it ran
  kLock,       // a lock, a condition, an event of another thread
  kSleep,      // for a time
  kDisk,
  kNetwork,  // any socket
  kPipe,
  kChild,  // a process to end
  kFault,  // a page of its memory to be brought in
  kOther,
};
constexpr size_t kReasonCount = static_cast<size_t>(Reason::kOther) + 1;

// "[running]", "[lock]" and so on; empty for kNone.
std::string_view reason_name(Reason reason);

// How samples were taken.
enum class Mechanism : uint8_t { kKernel, kPause, kRead, kAgent, kJfr, kRuntime };

std::string_view mechanism_name(Mechanism mechanism);
std::optional<Mechanism> mechanism_from_name(std::string_view name);

}  // namespace rtprof
