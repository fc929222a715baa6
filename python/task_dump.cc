#include "python/task_dump.h"

#include <algorithm>
#include <string_view>

#include "python/asyncio_tasks.h"
#include "python/dumped_frames.h"

namespace rtprof {
namespace {

using Threads = std::unordered_map<pid_t, DumpedStack>;

std::string_view state_of(const AsyncioTask& task) {
  if (task.running) return "running";
  return task.chain.awaited != 0 ? "waiting" : "runnable";
}

std::vector<DumpedFrame> frames_of(const AsyncioTask& task, const DumpedStack* running,
                                   PythonStacks& stacks) {
  if (task.running && running != nullptr) {
    const std::vector<Address>& addresses = running->addresses;
    auto root = std::find(addresses.begin(), addresses.end(), task.chain.links.front().frame);
    if (root != addresses.end()) {
      size_t count = static_cast<size_t>(root - addresses.begin()) + 1;
      count = std::min(count, running->frames.size());
      return {running->frames.begin(), running->frames.begin() + static_cast<ptrdiff_t>(count)};
    }
  }
  std::vector<rt_py_frame> leaf_first;
  for (auto link = task.chain.links.rbegin(); link != task.chain.links.rend(); ++link)
    leaf_first.push_back(link->code_and_ip);
  return dumped_frames(stacks, stacks.intern(leaf_first, StackEnd::kComplete));
}

}  // namespace

std::vector<DumpedTask> dump_tasks(const Process& process, const PythonProcess& python, PythonStacks& stacks,
                                   const PythonThreads& states, const Threads& threads) {
  std::vector<AsyncioTask> tasks = AsyncioTasks(process, python).read(states);
  std::unordered_map<Address, const AsyncioTask*> by_address;
  for (const AsyncioTask& task : tasks) by_address[task.address] = &task;
  std::vector<DumpedTask> dumped;
  for (const AsyncioTask& task : tasks) {
    DumpedTask each;
    each.name = task.name;
    each.state = state_of(task);
    const DumpedStack* running = nullptr;
    for (const PythonThread& thread : states.threads) {
      if (thread.thread_id != task.thread_id || thread.tid == 0) continue;
      each.tid = thread.tid;
      auto known = threads.find(thread.tid);
      if (known != threads.end()) running = &known->second;
    }
    each.frames = frames_of(task, running, stacks);
    if (!each.frames.empty()) each.coroutine = each.frames.back().function;
    each.awaits = task.awaits;
    for (Address waiter : task.awaited_by) {
      auto known = by_address.find(waiter);
      if (known != by_address.end()) each.awaited_by.push_back(known->second->name);
    }
    std::sort(each.awaited_by.begin(), each.awaited_by.end());
    dumped.push_back(std::move(each));
  }
  std::stable_sort(dumped.begin(), dumped.end(),
                   [](const DumpedTask& a, const DumpedTask& b) { return a.name < b.name; });
  return dumped;
}

}  // namespace rtprof
