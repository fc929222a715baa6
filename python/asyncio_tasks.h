#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "common/process/page_cache.h"
#include "common/process/process.h"
#include "python/containers.h"
#include "python/coroutines.h"
#include "python/locate.h"
#include "python/threads.h"

namespace rtprof {

// A task of asyncio that has not ended.
struct AsyncioTask {
  Address address = 0;
  std::string name;
  CoroutineChain chain;
  bool running = false;
  uint64_t thread_id = 0;           // pthread_t of the thread that runs its loop; 0 when not known
  std::vector<Address> awaited_by;  // tasks
  std::string awaits;               // what its last coroutine waits for; empty for its turn
};

// Finds the tasks of all event loops, while the target runs: what changes meanwhile may be of slightly
// different moments.
//
// From 3.14 on the interpreter lists them for each thread, and the module _asyncio tells in its section
// .AsyncioDebug how (Modules/_asynciomodule.c); it also knows who awaits whom. Before, the module
// asyncio.tasks keeps them in a weak set; who awaits whom is what their coroutines wait for: a task, a
// gathering of tasks, the tasks of a TaskGroup.
class AsyncioTasks {
 public:
  AsyncioTasks(const Process& process, const PythonProcess& python);

  std::vector<AsyncioTask> read(const PythonThreads& states);

 private:
  // The words of .AsyncioDebug.
  struct Offsets {
    uint64_t task_name = 0;
    uint64_t task_awaited_by = 0;
    uint64_t task_awaited_by_is_set = 0;
    uint64_t task_coroutine = 0;
    uint64_t task_node = 0;
    uint64_t interpreter_head = 0;
    uint64_t thread_running_task = 0;
    uint64_t thread_head = 0;
  };

  std::optional<Address> module_of(const PythonInterpreter& interpreter, std::string_view name);
  std::optional<Offsets> find_offsets() const;
  void read_lists(const PythonThreads& states, const Offsets& offsets);
  void read_list(Address head, uint64_t thread_id, const Offsets& offsets);
  void read_sets(const PythonInterpreter& interpreter);
  void add_members(Address set, bool weak);
  AsyncioTask* add(Address task, Address name, Address coroutine);
  AsyncioTask* add_from_module(Address task);
  std::string name_of(Address name);
  std::vector<Address> awaited_by(Address task, const Offsets& offsets);
  void find_waiters();
  void add_waiter(const AsyncioTask& waiter, Address awaited);
  std::string described(Address awaited);
  AsyncioTask* task_at(Address address);

  const Process& process_;
  const PythonProcess& python_;
  PageCache cache_;
  Containers containers_;
  std::vector<AsyncioTask> tasks_;
  std::unordered_set<Address> seen_;
};

}  // namespace rtprof
