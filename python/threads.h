#pragma once

#include <sys/types.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "common/process/process.h"
#include "python/layout.h"

namespace rtprof {

struct PythonInterpreter {
  Address address = 0;       // PyInterpreterState
  int64_t id = 0;            // 0 is the main one
  Address gil = 0;           // struct _gil_runtime_state; 0 where there is none
  Address threads_head = 0;  // its newest thread state
};

// A thread state: what the interpreter keeps of a thread that runs its code.
struct PythonThread {
  Address state = 0;        // PyThreadState
  Address interpreter = 0;  // PyInterpreterState
  uint64_t thread_id = 0;   // pthread_t; 0 while the thread has not begun
  uint64_t native_id = 0;   // thread id as the thread itself once saw it; 0 before 3.11
  pid_t tid = 0;            // thread id as we see it; 0 when it is not known
};

struct PythonThreads {
  // Newest first, as the interpreter lists them. A thread that runs code of several interpreters has a state
  // in each.
  std::vector<PythonInterpreter> interpreters;
  std::vector<PythonThread> threads;
  bool complete = true;  // false: a list was torn or a part of it was not readable
};

// All thread states of all interpreters, read while the target runs: lists may change meanwhile, so what is
// read is bounded and checked, and may be of slightly different moments. `tid` is left 0.
PythonThreads read_thread_states(const Memory& memory, const PythonLayout& layout);

// The thread states that hold a GIL now; none in free-threaded builds.
std::vector<Address> gil_holders(const Memory& memory, const rt_py_walk& walk,
                                 const std::vector<PythonInterpreter>& interpreters);

// Finds out which thread of the kernel runs which thread state.
//
// The interpreter's own native thread id exists from 3.11 on only, is in the ids of the target's pid
// namespace, and is that of the parent after a fork. The C library's is always right: the thread's pthread_t
// points to its struct pthread, which holds the id. Where in it is found by looking: glibc and musl have it
// at known places, and elsewhere it is the place that holds an id of the process's task list for every
// thread.
class ThreadIds {
 public:
  explicit ThreadIds(const Process& process) : process_(process) {}

  // Sets `tid` where it can be found out.
  void resolve(std::vector<PythonThread>& threads);

  // Offset of the thread id within struct pthread; negative while not found.
  int offset() const { return offset_; }

 private:
  void refresh_tasks();
  const Process& process_;
  int offset_ = -1;
  std::unordered_map<pid_t, pid_t> tasks_;  // in the target's namespace → in ours
};

// Offset of the id within struct pthread that explains best which of `ids` the threads are: the offset at
// which most of `pthreads` hold an id, no two the same. Negative when not even half of them do at any.
int find_tid_offset(const Memory& memory, const std::vector<uint64_t>& pthreads,
                    const std::unordered_map<pid_t, pid_t>& ids);

}  // namespace rtprof
