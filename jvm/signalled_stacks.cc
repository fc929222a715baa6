#include "jvm/signalled_stacks.h"

#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "agents/protocol.h"
#include "common/base/file.h"
#include "jvm/agent_records.h"

namespace rtprof::jvm {
namespace {

// For one thread, and for all of a tick together.
constexpr Nanoseconds kPatience = 2 * kMillisecond;
constexpr Nanoseconds kPatienceOfBatch = 4 * kMillisecond;
// At the end, for what is still to come.
constexpr Nanoseconds kPatienceAtEnd = 100 * kMillisecond;
// A thread that has not come by then is looked at closer.
constexpr Nanoseconds kSuspicious = 100 * kMillisecond;
// One that has not come for so long does not answer.
constexpr Nanoseconds kSilent = kSecond;

// Whether the thread lets no signal of that kind through: SigBlk of /proc/PID/task/TID/status, proc(5).
bool blocks(const Process& process, pid_t tid, int signal) {
  constexpr std::string_view kField = "SigBlk:\t";
  auto status = read_file(process.directory() + "/task/" + std::to_string(tid) + "/status");
  size_t at = status ? status->find(kField) : std::string::npos;
  if (at == std::string::npos) return false;
  uint64_t blocked = std::strtoull(status->c_str() + at + kField.size(), nullptr, 16);
  return (blocked >> (signal - 1) & 1) != 0;
}

// The thread by which the agent serves us, named by agents/jvm/agent.cc.
bool is_agents_own(const Process& process, pid_t tid) {
  auto name = read_file(process.directory() + "/task/" + std::to_string(tid) + "/comm");
  return name && *name == "rtprof-agent\n";
}

}  // namespace

SignalledStacks::SignalledStacks(const Process& process, std::shared_ptr<Agent> agent)
    : process_(process), agent_(std::move(agent)), own_(process.threads()) {
  std::erase_if(own_, [&](pid_t tid) { return !is_agents_own(process, tid); });
  agent_->on(agents::RecordType::kSnapshot, [this](std::span<const uint8_t> record) { arrived(record); });
}

SignalledStacks::~SignalledStacks() {
  is_broken_ = !agent_->drain();
  TimePoint until = monotonic_now() + kPatienceAtEnd;
  while (!by_number_.empty() && !is_broken_ && monotonic_now() < until) drain_by(until);
  agent_->on(agents::RecordType::kSnapshot, nullptr);
}

void SignalledStacks::begin_batch() {
  is_broken_ = !agent_->drain();
  std::erase_if(asked_, [](const auto& each) { return each.second.came != 0; });
  waited_ = 0;
}

void SignalledStacks::arrived(std::span<const uint8_t> record) {
  auto found = parse_interrupted_thread(record);
  auto known = found ? by_number_.find(found->number) : by_number_.end();
  if (known == by_number_.end()) return;
  Asked& asked = asked_[known->second];
  by_number_.erase(known);
  asked.came = std::clamp(found->time, asked.since, std::max(asked.since, monotonic_now()));
  asked.record.assign(record.begin(), record.end());
}

bool SignalledStacks::ask(pid_t tid) {
  uint64_t number = next_number_++ & agents::kMostSnapshotNumber;
  if (!agent_->interrupt(process_.pid(), tid, number)) return false;
  // One of long ago that had the same number never came.
  if (auto before = by_number_.find(number); before != by_number_.end()) asked_.erase(before->second);
  by_number_[number] = tid;
  TimePoint now = monotonic_now();
  asked_[tid] = {number, now, now, 0, {}};
  return true;
}

void SignalledStacks::drain_by(TimePoint until) {
  pollfd event{agent_->event(), POLLIN, 0};
  timespec left{0, std::max<Nanoseconds>(until - monotonic_now(), 0)};
  ::ppoll(&event, 1, &left, nullptr);
  is_broken_ = !agent_->drain();
}

void SignalledStacks::wait_for(const Asked& asked) {
  TimePoint begin = monotonic_now();
  TimePoint until = begin + std::min(kPatience, kPatienceOfBatch - waited_);
  while (asked.came == 0 && !is_broken_ && monotonic_now() < until) drain_by(until);
  waited_ += monotonic_now() - begin;
}

// A signal may be lost: where the ring was full, where one of the program's own was pending, or where the
// program may queue no more of them. One that is still pending is not queued twice.
native::RunningStacks::Taken SignalledStacks::late(pid_t tid, Asked& asked) const {
  Taken taken;
  TimePoint now = monotonic_now();
  if (is_broken_) {
    taken.denied = "[unknown: the ring that the target writes makes no sense]";
  } else if (now - asked.sent < kSuspicious) {
    taken.late = true;
  } else if (blocks(process_, tid, agents::kSnapshotSignal)) {
    taken.denied = "[unknown: the thread blocks the signal]";
  } else if (now - asked.since > kSilent) {
    taken.denied = "[unknown: the thread does not answer the signal]";
    agent_->interrupt(process_.pid(), tid, asked.number);
    asked.sent = now;
  } else {
    taken.late = true;
    agent_->interrupt(process_.pid(), tid, asked.number);
    asked.sent = now;
  }
  return taken;
}

std::string_view SignalledStacks::told(pid_t tid) const {
  return std::ranges::find(own_, tid) != own_.end() ? "[rtprof-agent]" : "";
}

native::RunningStacks::Taken SignalledStacks::take(PulledThread& thread,
                                                   const std::function<void()>& /*beside*/) {
  if (std::string_view own = told(thread.tid); !own.empty()) return {.denied = own};
  auto known = asked_.find(thread.tid);
  // What came late tells where the thread went on when it was given a CPU, and not what it runs now.
  if (known == asked_.end() || known->second.came != 0) {
    if (!ask(thread.tid)) return {};
    known = asked_.find(thread.tid);
    wait_for(known->second);
  }
  if (known->second.came == 0) return late(thread.tid, known->second);
  record_ = std::move(known->second.record);
  asked_.erase(known);
  Taken taken;
  taken.is_taken = true;
  taken.times = thread.probe.times();
  if (auto found = parse_interrupted_thread(record_); found && !found->stack.stack.empty())
    taken.snapshot = found->stack;
  return taken;
}

}  // namespace rtprof::jvm
