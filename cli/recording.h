#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/process_tree.h"
#include "cli/services.h"
#include "cli/signals.h"
#include "common/process/process.h"
#include "common/sampler/plan.h"
#include "common/sampler/session.h"

namespace rtprof::cli {

// Remembers when the program started, for the time to the first sample.
void note_program_start();

// One recording: the processes it covers, their sources, and the profile that comes of it. attach, run and
// top are this with another consumer.
class Recording {
 public:
  // `subprocesses`: the children of what is added too, now and later. `quiet`: does not say so where
  // something is loaded into a target.
  Recording(const SamplingPlan& plan, bool subprocesses, bool quiet);

  // Attaches to a process. Throws Error when it cannot be profiled. Where subprocesses are followed,
  // processes of native code are passed over, unless nothing in the tree runs a known runtime.
  void add(pid_t pid);
  // For a program that was just started, of which it shows only later what it is: records it as native code
  // from now on, aside. Nothing happens where that would take longer than it is worth.
  void begin_as_native(pid_t pid);
  // The end of that: the process is native code, and what was recorded is the beginning of its recording.
  // False when nothing was, or the process has executed another program since; then, as when it is something
  // else, nothing of it is kept.
  bool end_as_native(bool is_native);
  // The process may execute another program, as wrappers do: then that is attached to, too.
  void follow_execs(pid_t pid) {
    if (!subprocesses_) followed_ = pid;  // whose tree is looked at anyway
  }
  // Samples the whole machine. Throws Error where that is not permitted.
  void add_machine();
  // Samples until `duration` is over (0: no end), `stop` is set, or every process has ended. `refresh` is
  // called twice a second.
  void run(Nanoseconds duration, const std::atomic<bool>& stop, const std::function<void()>& refresh);

  Nanoseconds elapsed() const { return monotonic_now() - start_; }
  uint64_t samples() const;
  std::vector<RunQuality> quality() const { return session_.quality(); }
  // True when every process has ended by itself.
  bool all_ended() const { return !session_.any_live(); }
  const std::deque<Process>& processes() const { return processes_; }

  // For a live view: hands over the samples of an event since the last call, open waits counted up to now,
  // and the profile that they belong to, which holds no samples then. Exclusive while `use` runs.
  template <typename Use>
  void take_samples(Event event, Use use) {
    session_.flush();
    services_.recorder().with_profile([&](Profile& profile) {
      complete(profile);
      use(static_cast<const Profile&>(profile), profile.series(event).take());
    });
  }

  // What was recorded so far, complete with its quality; exclusive while `use` runs.
  template <typename Use>
  auto with_profile(Use use) {
    return services_.recorder().with_profile([&](Profile& profile) {
      complete(profile);
      return use(static_cast<const Profile&>(profile));
    });
  }

 private:
  // What processes are taken for.
  enum class Scope {
    kRuntimes,  // those of known runtimes
    kAnyCode,   // the others too, as native code
  };
  bool attach(Process process, const SamplingPlan& plan, Scope scope);
  bool offer(const Process& process);
  bool rejoin();
  void complete(Profile& profile);

  SamplingPlan plan_;
  bool subprocesses_;

  Scope scope_ = Scope::kRuntimes;  // of subprocesses
  ProcessTree tree_;                // empty unless subprocesses are followed
  pid_t followed_ = 0;
  bool has_execed_ = false;  // at the last look, and was no runtime yet
  TimePoint start_;
  int64_t start_unix_;
  std::deque<Process> processes_;  // a deque: sources keep references
  Services services_;
  // Of the last process, between begin_as_native() and end_as_native().
  std::unique_ptr<Source> as_native_;
  Session session_;  // last: its sources use all of the above
};

}  // namespace rtprof::cli
