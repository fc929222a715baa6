#include "common/process/pause.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <mutex>
#include <string>
#include <utility>

#include "common/process/procfs.h"

namespace rtprof {
namespace {

// A thread on another CPU stops within some 15 µs. One that does not needs our CPU, or must wait for another:
// then spinning would only be in its way.
constexpr Nanoseconds kLongestSpin = 50 * kMicrosecond;
constexpr Nanoseconds kShortestSpin = 2 * kMicrosecond;
constexpr Nanoseconds kPatience = 500 * kMicrosecond;
constexpr Nanoseconds kLastPatience = 100 * kMillisecond;

// SIGCHLD, which the kernel sends when a tracee stops, as a descriptor to poll. The signal is caught only
// while a thread is waited for: it comes with every other stop, too.
class StopSignal {
 public:
  static StopSignal& instance() {
    static StopSignal signal;
    return signal;
  }

  int fd() const { return fd_; }
  // When it was last raised; 0 since the last clear().
  TimePoint raised() const { return raised_; }

  void listen() {
    std::lock_guard lock(mutex_);
    if (listeners_++ != 0) return;
    struct sigaction action {};
    action.sa_sigaction = [](int number, siginfo_t* info, void* context) {
      int error = errno;
      instance().raise(number, info, context);
      errno = error;
    };
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    ::sigaction(SIGCHLD, &action, &before_);
  }

  void stop_listening() {
    std::lock_guard lock(mutex_);
    if (--listeners_ != 0) return;
    ::sigaction(SIGCHLD, &before_, nullptr);
    clear();
  }

  void clear() {
    raised_ = 0;
    eventfd_t count = 0;
    ::eventfd_read(fd_, &count);
  }

  void wait(Nanoseconds timeout) const {
    pollfd descriptor{fd_, POLLIN, 0};
    timespec time{0, timeout};
    ::ppoll(&descriptor, 1, &time, nullptr);
  }

 private:
  StopSignal() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

  // In a signal handler.
  void raise(int number, siginfo_t* info, void* context) {
    raised_ = monotonic_now();
    ::eventfd_write(fd_, 1);
    if ((before_.sa_flags & SA_SIGINFO) != 0) {
      before_.sa_sigaction(number, info, context);
    } else if (before_.sa_handler != SIG_DFL && before_.sa_handler != SIG_IGN) {
      before_.sa_handler(number);
    }
  }

  int fd_;
  std::mutex mutex_;
  int listeners_ = 0;
  struct sigaction before_ {};
  std::atomic<TimePoint> raised_{0};
};

long request(int what, pid_t tid, int data = 0) {
  return ::ptrace(static_cast<__ptrace_request>(what), tid, 0, data);
}

// The first thread of a process stays as a zombie while others run, and is then refused like a forbidden one.
bool has_ended(pid_t pid, pid_t tid) {
  auto stat = read_stat("/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid));
  return !stat || stat->state == 'Z' || stat->state == 'X';
}

bool is_own_child(pid_t pid) {
  auto stat = read_stat("/proc/" + std::to_string(pid));
  return stat && stat->parent == ::getpid();
}

}  // namespace

Pauser::Pauser(pid_t pid)
    : pid_(pid), self_(::getpid(), static_cast<pid_t>(::syscall(SYS_gettid))), spin_(kLongestSpin) {}

Pauser::~Pauser() {
  resume();
  TimePoint end = monotonic_now() + kLastPatience;
  while (has_late() && monotonic_now() < end) {
    StopSignal::instance().wait(kPatience);
    release_late();
  }
  if (has_late()) forget_late();
}

int Pauser::late_fd() {
  return StopSignal::instance().fd();
}

// One look at whether `tid` has stopped or ended. WNOWAIT: what waitid takes off a child of our own is not
// ours alone, and a stop needs no taking off.
Pauser::Stopped Pauser::look_at(pid_t tid) const {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(tid), &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT | __WALL) != 0) {
    return {Stop::kGone, 0, 0};
  }
  if (info.si_pid == 0 || info.si_code == CLD_STOPPED) return {};
  if (info.si_code != CLD_TRAPPED) return {Stop::kGone, tid, 0};
  // si_status is the event above the signal that stopped it: no event means a signal on its way.
  bool signal_on_its_way = (info.si_status >> 8) == 0;
  return {Stop::kStopped, tid, signal_on_its_way ? info.si_status & 0x7f : 0};
}

Pauser::Stopped Pauser::look(pid_t tid) const {
  Stopped seen = look_at(tid);
  bool no_such_tracee = seen.stop == Stop::kGone && seen.tid == 0;
  if (no_such_tracee && tid != pid_) seen = look_at(pid_);
  return seen;
}

// A tracee that has ended is let go by waiting for it.
void Pauser::bury(pid_t tid) const {
  if (tid == 0 || (tid == pid_ && is_own_child(pid_))) return;
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(tid), &info, WEXITED | WNOHANG | __WALL);
}

Pauser::LastLook Pauser::last_look() const {
  return {monotonic_now(), self_.times().value_or(ThreadTimes{}).waited};
}

// When a thread stopped at the earliest: when its signal reached us, less the time that we had to wait for a
// CPU to take it.
TimePoint Pauser::stopped_since(const LastLook& last) const {
  TimePoint raised = StopSignal::instance().raised();
  Nanoseconds waited = last_look().waited - last.waited;
  return raised == 0 ? last.time : std::max(last.time, raised - waited);
}

PauseOutcome Pauser::stop(pid_t tid) {
  release_late();
  if (has_late()) return PauseOutcome::kLate;
  if (request(PTRACE_SEIZE, tid) != 0) {
    bool gone = errno == ESRCH || has_ended(pid_, tid);
    return gone ? PauseOutcome::kGone : PauseOutcome::kDenied;
  }
  TimePoint start = monotonic_now();
  // Fails only for a thread that is ending, and that is what the looks then find.
  request(PTRACE_INTERRUPT, tid);
  held_ = spin(tid, start);
  held_since_ = start;
  if (held_.stop == Stop::kNone) held_ = wait(tid, start);
  switch (held_.stop) {
    case Stop::kStopped:
      return PauseOutcome::kHeld;
    case Stop::kNone:
      return PauseOutcome::kLate;
    case Stop::kGone:
      break;
  }
  bury(held_.tid);
  return PauseOutcome::kGone;
}

Pauser::Stopped Pauser::spin(pid_t tid, TimePoint start) const {
  while (true) {
    Stopped seen = look(tid);
    if (seen.stop != Stop::kNone || monotonic_now() - start >= spin_) return seen;
  }
}

// Without spinning: it may be our CPU that it waits for. A thread that does not stop becomes the late one.
Pauser::Stopped Pauser::wait(pid_t tid, TimePoint start) {
  make_late(tid);
  while (true) {
    late_->last = last_look();
    Stopped seen = look(tid);
    TimePoint now = monotonic_now();
    if (seen.stop != Stop::kNone) {
      held_since_ = stopped_since(late_->last);
      spin_ = now - start < kLongestSpin ? kLongestSpin : std::max(spin_ / 2, kShortestSpin);
      forget_late();
      return seen;
    }
    if (now - start >= kPatience) return seen;
    StopSignal::instance().wait(start + kPatience - now);
  }
}

Nanoseconds Pauser::resume() {
  if (held_.stop != Stop::kStopped) return 0;
  // Fails when it was killed while it was held: it then has to be waited for.
  if (request(PTRACE_DETACH, held_.tid, held_.signal) != 0) make_late(held_.tid);
  held_ = {};
  Nanoseconds held = monotonic_now() - held_since_;
  holds_.push_back(held);
  return held;
}

void Pauser::make_late(pid_t tid) {
  StopSignal::instance().listen();
  late_ = {tid, last_look()};
}

void Pauser::forget_late() {
  late_.reset();
  StopSignal::instance().stop_listening();
}

PauseOutcome Pauser::take_late() {
  if (!late_) return PauseOutcome::kGone;
  StopSignal::instance().clear();
  LastLook now = last_look();
  Stopped seen = look(late_->tid);
  if (seen.stop == Stop::kNone) {
    late_->last = now;
    return PauseOutcome::kLate;
  }
  held_since_ = stopped_since(late_->last);
  forget_late();
  if (seen.stop == Stop::kGone) {
    bury(seen.tid);
    return PauseOutcome::kGone;
  }
  held_ = seen;
  return PauseOutcome::kHeld;
}

void Pauser::release_late() {
  if (!late_) return;
  StopSignal::instance().clear();
  LastLook now = last_look();
  Stopped seen = look(late_->tid);
  if (seen.stop == Stop::kStopped && request(PTRACE_DETACH, seen.tid, seen.signal) == 0) {
    holds_.push_back(monotonic_now() - stopped_since(late_->last));
    forget_late();
  } else if (seen.stop == Stop::kGone) {
    bury(seen.tid);
    forget_late();
  } else {
    late_->last = now;
  }
}

std::vector<Nanoseconds> Pauser::take_holds() {
  return std::exchange(holds_, {});
}

}  // namespace rtprof
