#include "native/departures.h"

#include <sys/syscall.h>

#include <array>
#include <cstring>
#include <span>
#include <utility>

#include "kernel/wait_reason.h"
#include "native/system_call.h"

namespace rtprof::native {
namespace {

uint64_t hash_of(std::span<const uint64_t> addresses) {
  uint64_t hash = 0;
  for (uint64_t address : addresses) {
    hash = (hash ^ address) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 29;
  }
  return addresses.empty() ? 0 : hash | 1;
}

// The first argument of poll is an array, that of select a number of descriptors.
bool is_address(uint64_t argument) {
  constexpr uint64_t kMoreThanDescriptors = 4 << 20;
  return argument >= kMoreThanDescriptors;
}

}  // namespace

void Departures::keep(const kernel::SampleRecord& sample) {
  Place& place = places_[sample.id.tid];
  place.next = true;
  place.stack.reset();
  place.kernel.assign(sample.kernel_callchain.begin(), sample.kernel_callchain.end());
  place.user.assign(sample.user_callchain.begin(), sample.user_callchain.end());
  place.has_registers = sample.user.has_value();
  place.bytes.clear();
  if (!sample.user) return;
  place.registers = sample.user->registers;
  place.bytes.assign(sample.user->stack.begin(), sample.user->stack.end());
}

void Departures::left(pid_t tid) {
  auto found = places_.find(tid);
  if (found == places_.end()) return;
  found->second.known = std::exchange(found->second.next, false);
  if (settles_) kept_.push_back(tid);
}

Departures::Place* Departures::find(pid_t tid) {
  auto found = places_.find(tid);
  return found != places_.end() && found->second.known ? &found->second : nullptr;
}

void Departures::settle() {
  for (pid_t tid : std::exchange(kept_, {})) stack(tid);
}

std::optional<RawStack> Departures::stack(pid_t tid) {
  Place* place = find(tid);
  if (place == nullptr) return std::nullopt;
  if (place->stack) return place->stack;
  if (by_callchain_) {
    place->stack = code_.stack({}, place->user);
  } else if (place->has_registers) {
    StackSnapshot snapshot{place->registers, place->registers.sp(), place->bytes};
    place->stack = code_.stack(tid, {}, snapshot);
  } else {
    place->stack = code_.marker("[unknown: no registers]");
  }
  return place->stack;
}

void Departures::describe(pid_t tid, rt_wait_site& site) {
  const Place* place = find(tid);
  if (place == nullptr || place->kernel.empty()) return;
  site.kernel_stack = hash_of(place->kernel);
  kernel_stacks_.add(site.kernel_stack, place->kernel);
  auto waits = kernel_stacks_.waits(*kernel_stacks_.find(site.kernel_stack));
  if (place->has_registers) describe_call(*place, site);
  if (waits == kernel::Waits::kForCpu || site.syscall == SYS_sched_yield)
    site.flags &= ~static_cast<uint32_t>(RT_WAIT_INVOLUNTARY);
  if (!place->has_registers) return;
  auto needed = waits.value_or(kernel::waits_of_syscall(site.syscall));
  if (needed == kernel::Waits::kForFile) site.file = static_cast<uint16_t>(files_.kind(site.argument));
  if (needed != kernel::Waits::kForPolled) return;
  if (auto kinds = polled(*place)) {
    site.polled = static_cast<uint16_t>(*kinds);
    site.flags |= RT_WAIT_POLLED_KNOWN;
  }
}

void Departures::describe_call(const Place& place, rt_wait_site& site) {
  site.argument = static_cast<uint32_t>(place.registers.values[Registers::kRdi]);
  site.syscall = in_system_call(place.registers) ? call_at(place.registers.pc()) : RT_NO_SYSCALL;
}

uint32_t Departures::call_at(Address pc) {
  auto [known, is_new] = calls_.try_emplace(pc, kernel::kUnknownSyscall);
  std::array<uint8_t, kSystemCallCode> code{};
  if (is_new && process_.memory().read(pc - code.size(), code.data(), code.size()))
    known->second = system_call_number(code).value_or(kernel::kUnknownSyscall);
  return known->second;
}

std::optional<uint32_t> Departures::polled(const Place& place) const {
  constexpr uint8_t kR10 = Registers::kR8 + 2;
  const auto& values = place.registers.values;
  // What the thread had on its stack may be something else by now, and select overwrites its arguments.
  auto read = [&](uint64_t address, void* to, size_t size) {
    uint64_t offset = address - place.registers.sp();
    if (address < place.registers.sp() || offset + size > place.bytes.size())
      return process_.memory().read(address, to, size);
    std::memcpy(to, place.bytes.data() + offset, size);
    return true;
  };
  if (is_address(values[Registers::kRdi]))
    return files_.polled(values[Registers::kRdi], values[Registers::kRsi], read);
  const std::array<uint64_t, 3> sets{values[Registers::kRsi], values[Registers::kRdx], values[kR10]};
  return files_.selected(values[Registers::kRdi], sets, read);
}

}  // namespace rtprof::native
