#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/profile/profile.h"

namespace rtprof {

// What the scheduler says of a thread.
enum class ThreadState : uint8_t {
  kRunning,   // on a CPU
  kRunnable,  // wants a CPU and has none
  kSleeping,  // waits for something
  kDisk,      // waits and cannot be interrupted: for a disk, mostly
  kStopped,   // by a signal
  kTraced,    // by a debugger
  kEnded,
};

// "running", "runnable", "sleeping", "disk", "stopped", "traced", "ended".
std::string_view thread_state_name(ThreadState state);

// Of the letter in /proc/PID/task/TID/stat; 'R' is kRunning.
ThreadState thread_state_of(char letter);

// A variable of a frame and its value as a short text.
struct DumpedVariable {
  std::string name;
  std::string value;
  bool argument = false;
};

struct DumpedFrame {
  FrameKind kind = FrameKind::kUnknown;
  std::string function;
  std::string file;        // whole path; empty when there is none
  std::string short_file;  // as shown without --full-filenames
  std::string module;      // empty where the runtime has none
  int32_t line = 0;        // 0: none
  std::vector<DumpedVariable> variables;
};

struct DumpedThread {
  std::optional<int32_t> tid;  // nothing for what is on no thread of the kernel
  std::string name;            // empty when not known
  ThreadState state = ThreadState::kSleeping;
  std::optional<bool> holds_gil;  // nothing where there is no GIL
  std::optional<bool> is_daemon;  // nothing where the runtime does not tell such threads from others
  std::string wait_reason;  // what the runtime calls its wait; empty when it does not wait, or nobody tells
  std::string waiting_for;  // the lock: "java.lang.Object@0x7f12"
  std::optional<size_t> held_by;    // who has it: index into the dump's threads
  std::string carries;              // a thread of the runtime's own: "job-3 vid=33"
  bool approximate = false;         // read while it ran: the frames may not belong together
  std::vector<DumpedFrame> frames;  // leaf first
};

// A task of an event loop.
struct DumpedTask {
  std::string name;
  std::string state;                    // "running", "waiting", "runnable"
  std::optional<int32_t> tid;           // of the thread that runs its loop
  std::string coroutine;                // what it was made of
  std::vector<DumpedFrame> frames;      // of the coroutines that await one another, leaf first
  std::string awaits;                   // what the leaf waits for; empty when only for its turn
  std::vector<std::string> awaited_by;  // names of tasks
};

// One look at all threads of a process, of whichever runtime.
struct ThreadDump {
  int32_t pid = 0;
  std::string runtime;  // "python"
  std::string version;
  std::string program;  // the file that holds the runtime
  std::string command;
  std::vector<DumpedThread> threads;
  std::vector<DumpedTask> tasks;
  std::vector<std::vector<size_t>> deadlocks;  // each a cycle of indices into threads
  std::vector<std::string> notes;              // what a reader should know: sentences
  std::vector<Nanoseconds> pauses;             // how long threads were held for it
};

struct DumpOptions {
  bool variables = false;    // also the values of arguments and local variables
  bool nonblocking = false;  // hold no thread, not even for a moment
  bool native = false;       // also the machine's frames that a runtime's frames called
};

}  // namespace rtprof
