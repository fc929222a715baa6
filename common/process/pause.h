#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/process/thread_probe.h"

namespace rtprof {

enum class PauseOutcome {
  kHeld,    // it stands still
  kLate,    // it, or another one before it, has not stopped in time; Pauser::release_late() sees to the rest
  kGone,    // it has ended
  kDenied,  // not permitted, or traced by somebody else (TracerPid in /proc/PID/status tells)
};

// Holds threads of one process still for a moment, each by an attachment of its own:
//   PTRACE_SEIZE, PTRACE_INTERRUPT, wait, (the caller reads), PTRACE_DETACH.
// Between two pauses nothing is traced, so signals, clone, exec, group stops and other debuggers are as if
// rtprof were not there, and killing rtprof at any instant leaves nothing behind: the kernel detaches the
// tracees of a thread that ends, stopped ones included (exit_ptrace, kernel/ptrace.c).
//
// What may happen between SEIZE and the stop, and what is done about it:
// - A signal arrives. The thread stops for the signal instead, with the signal taken off its queue; detaching
//   hands it back, so that it is delivered exactly once. The same stop serves as the pause.
// - A group stop (SIGSTOP, SIGTSTP) begins. It shows as PTRACE_EVENT_STOP as the interrupt does; after the
//   detach the kernel keeps the thread in its group stop until SIGCONT.
// - The thread ends, or is killed while it is held. A traced thread that has ended stays until its tracer has
//   waited for it, and its process could not end before: it is waited for. Only the exit of our own child's
//   first thread is left for whoever started it (`rtprof run`).
// - The thread calls exec and is not the first one: it takes over the process's id. When its own id is gone,
//   the process's id is looked at.
// - It does not stop: it waits for a CPU, or sleeps uninterruptibly (disk, vfork). A thread that is not
// stopped
//   cannot be detached, and would stop on its way out of the kernel with nobody there to let it go. So it is
//   remembered as late. Its stop raises SIGCHLD, which makes late_fd() readable: whoever owns the Pauser
//   polls that and calls release_late(), which lets it go. Until then no other thread is seized: seizing
//   waits for an exec in progress, and the exec would wait for the late thread to be waited for. A thread
//   that is late when rtprof ends is detached by the kernel in whatever state it is.
// - A system call that neither restarts nor fails over (epoll_wait, semop) returns EINTR, as after SIGSTOP
// and
//   SIGCONT (signal(7)): why only threads that are on a CPU should be paused.
//
// ptrace belongs to a thread: one Pauser is made and used on one thread. Only one thread is held at a time.
class Pauser {
 public:
  explicit Pauser(pid_t pid);
  // Lets a late thread go, waiting a moment for it.
  ~Pauser();
  Pauser(const Pauser&) = delete;
  Pauser& operator=(const Pauser&) = delete;

  bool has_late() const { return late_.has_value(); }
  // Whether this is the thread that is late.
  bool is_late(pid_t tid) const { return late_ && late_->tid == tid; }
  void release_late();
  // Shared by all Pausers of the program.
  static int late_fd();

  // How long threads were held since the last call, late ones included.
  std::vector<Nanoseconds> take_holds();

 private:
  friend class ThreadPause;
  enum class Stop { kNone, kStopped, kGone };
  struct Stopped {
    Stop stop = Stop::kNone;
    pid_t tid = 0;   // the process's id after an exec
    int signal = 0;  // to hand back
  };
  // When a thread was last seen not to have stopped, and how long this one had waited for CPUs until then.
  struct LastLook {
    TimePoint time = 0;
    Nanoseconds waited = 0;
  };
  struct Late {
    pid_t tid;
    LastLook last;
  };

  PauseOutcome stop(pid_t tid);
  PauseOutcome take_late();
  Nanoseconds resume();
  Stopped spin(pid_t tid, TimePoint start) const;
  Stopped wait(pid_t tid, TimePoint start);
  Stopped look(pid_t tid) const;
  Stopped look_at(pid_t tid) const;
  LastLook last_look() const;
  TimePoint stopped_since(const LastLook& last) const;
  void bury(pid_t tid) const;
  void make_late(pid_t tid);
  void forget_late();

  pid_t pid_;
  ThreadProbe self_;
  Nanoseconds spin_;
  Stopped held_;
  TimePoint held_since_ = 0;
  std::optional<Late> late_;
  std::vector<Nanoseconds> holds_;
};

// One thread held still for the life of the object, or until resume().
class ThreadPause {
 public:
  ThreadPause(Pauser& pauser, pid_t tid) : pauser_(pauser), outcome_(pauser.stop(tid)) {}
  // The late thread's, if it has stopped by now: for who can wait for it. Of threads that take turns on one
  // CPU each can be late whenever it is asked to stop.
  struct OfLate {};
  ThreadPause(Pauser& pauser, OfLate) : pauser_(pauser), outcome_(pauser.take_late()) {}
  ~ThreadPause() { resume(); }
  ThreadPause(const ThreadPause&) = delete;
  ThreadPause& operator=(const ThreadPause&) = delete;

  PauseOutcome outcome() const { return outcome_; }
  bool held() const { return outcome_ == PauseOutcome::kHeld; }
  // Lets the thread run on; returns for how long it was held, at most: from the request to stop to the
  // detach, or, when it had to wait for a CPU first, from its stop.
  Nanoseconds resume() { return outcome_ == PauseOutcome::kHeld ? pauser_.resume() : 0; }

 private:
  Pauser& pauser_;
  PauseOutcome outcome_;
};

}  // namespace rtprof
