#include "common/profile/event.h"

#include <array>

namespace rtprof {
namespace {

constexpr std::array<std::string_view, 5> kEvents{"cpu", "wall", "alloc", "lock", "offcpu"};
constexpr std::array<std::string_view, kReasonCount> kReasons{
    "",       "[running]", "[runnable]", "[preempted]", "[lock]",  "[sleep]",
    "[disk]", "[network]", "[pipe]",     "[child]",     "[fault]", "[other]"};
constexpr std::array<std::string_view, 6> kMechanisms{"kernel", "pause", "read", "agent", "jfr", "runtime"};

template <typename Enum, size_t N>
std::optional<Enum> from_name(const std::array<std::string_view, N>& names, std::string_view name) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view event_name(Event event) {
  return kEvents[static_cast<size_t>(event)];
}
std::optional<Event> event_from_name(std::string_view name) {
  return from_name<Event>(kEvents, name);
}
bool is_time_event(Event event) {
  return event != Event::kAlloc;
}
std::string_view reason_name(Reason reason) {
  return kReasons[static_cast<size_t>(reason)];
}
std::string_view mechanism_name(Mechanism mechanism) {
  return kMechanisms[static_cast<size_t>(mechanism)];
}
std::optional<Mechanism> mechanism_from_name(std::string_view name) {
  return from_name<Mechanism>(kMechanisms, name);
}

}  // namespace rtprof
