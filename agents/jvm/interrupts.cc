#include "agents/jvm/interrupts.h"

#include <ucontext.h>

#include <cerrno>

#include "agents/jvm/refused.h"

namespace rtprof::agents::jvm {
namespace {

// A handler is given no place for data of its own.
Interrupts* running = nullptr;

bool is_same(const struct sigaction& one, const struct sigaction& other) {
  return one.sa_sigaction == other.sa_sigaction && one.sa_flags == other.sa_flags;
}

}  // namespace

Answer Interrupts::start(uint64_t mark, Recording& recording) {
  running = this;
  mark_.store(mark);
  recording_.store(&recording);
  struct sigaction now {};
  if (::sigaction(kSnapshotSignal, nullptr, &now) != 0)
    return refused(Refusal::kFailed, "the handler of the signal cannot be found out", errno);
  // Somebody whose handler calls ours may have put it there since the last time.
  if (now.sa_sigaction == on_signal) {
    is_installed_ = true;
    is_buried_ = false;
    return {};
  }
  // With ours above it, too, the two would call each other without end.
  if (is_buried_) return refused(Refusal::kMissing, "another handler of SIGURG lies over that of rtprof");
  before_[0] = now;
  next_.store(&before_[0]);
  struct sigaction ours {};
  ours.sa_sigaction = on_signal;
  // What was wanted for the handler that is called by ours.
  ours.sa_mask = now.sa_mask;
  // On the stack that a thread has for signals, where it has one: who has one needs it so.
  ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  if (::sigaction(kSnapshotSignal, &ours, &before_[1]) != 0)
    return refused(Refusal::kFailed, "the signal cannot be handled", errno);
  // The program may have changed it meanwhile.
  if (!is_same(before_[1], now)) next_.store(&before_[1]);
  is_installed_ = true;
  return {};
}

void Interrupts::stop() {
  if (!is_installed_) return;
  is_installed_ = false;
  struct sigaction now {};
  bool is_ours = ::sigaction(kSnapshotSignal, nullptr, &now) == 0 && now.sa_sigaction == on_signal;
  if (is_ours) {
    ::sigaction(kSnapshotSignal, next_.load(), &now);
    // The program may have put its own over it meanwhile.
    is_ours = now.sa_sigaction == on_signal;
    if (!is_ours) ::sigaction(kSnapshotSignal, &now, nullptr);
  }
  is_buried_ = !is_ours;
  // `running` stays: a handler of somebody else's may call ours.
}

void Interrupts::pass_on(int signal, siginfo_t* info, void* context) const {
  const struct sigaction& next = *next_.load();
  if ((next.sa_flags & SA_SIGINFO) != 0) {
    if (next.sa_sigaction != nullptr) next.sa_sigaction(signal, info, context);
  } else if (next.sa_handler != SIG_DFL && next.sa_handler != SIG_IGN) {
    next.sa_handler(signal);
  }
}

void Interrupts::on_signal(int signal, siginfo_t* info, void* context) {
  const Interrupts& self = *running;
  int error = errno;
  auto value = reinterpret_cast<uintptr_t>(info->si_value.sival_ptr);
  bool is_ours = info->si_code == SI_QUEUE && (value & ~kMostSnapshotNumber) == self.mark_.load();
  if (is_ours) {
    Recording& recording = *self.recording_.load();
    Recording::Permission permission(recording);
    if (permission) recording.snapshot(value & kMostSnapshotNumber, *static_cast<const ucontext_t*>(context));
  } else {
    self.pass_on(signal, info, context);
  }
  errno = error;
}

}  // namespace rtprof::agents::jvm
