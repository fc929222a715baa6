#include "python/machine_moment.h"

#include <utility>

#include "native/ptrace_registers.h"

namespace rtprof {

std::string MachineMoment::use_bpf() {
  auto opened = kernel::ThreadRegisters::open();
  if (!opened) return opened.failure().message;
  bpf_ = std::move(*opened);
  return {};
}

void MachineMoment::read_ahead(const std::vector<std::unique_ptr<SampledThread>>& threads) {
  if (!bpf_) return;
  times_ahead_.clear();
  for (const auto& thread : threads) {
    auto times = thread->probe.times();
    if (times && thread->probe.asleep()) times_ahead_[thread->tid] = *times;
  }
  ahead_ = bpf_->read(process_.pid());
}

void MachineMoment::take(const SampledThread& thread, PullReader::Hold hold) {
  stack_.reset();
  Address thread_pointer = thread.states.empty() ? 0 : thread.states.front().thread_id;
  if (hold == PullReader::Hold::kSleep) stack_ = read_asleep(thread, thread_pointer);
  if (hold != PullReader::Hold::kPause) return;
  if (auto registers = native::read_registers(thread.tid)) stack_ = reader_.read(*registers, thread_pointer);
}

std::optional<StackSnapshot> MachineMoment::read_asleep(const SampledThread& thread, Address thread_pointer) {
  if (!bpf_) {
    auto place = thread.probe.place_asleep();
    return place ? reader_.read(*place, thread_pointer) : std::nullopt;
  }
  auto before = times_ahead_.find(thread.tid);
  bool slept_on = before != times_ahead_.end() && thread.probe.times() == before->second;
  Saved now;
  if (!slept_on) now = bpf_->read(process_.pid());
  const Saved& all = slept_on ? ahead_ : now;
  auto saved = all.find(thread.tid);
  return saved == all.end() ? std::nullopt : reader_.read(saved->second.registers, thread_pointer);
}

}  // namespace rtprof
