#include "python/asyncio_tasks.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "common/elf/modules.h"
#include "python/objects.h"
#include "python/repr.h"

namespace rtprof {
namespace {

constexpr size_t kMostTasks = 10'000;
constexpr size_t kMostWaiters = 1000;
constexpr size_t kLongestName = 1024;
constexpr std::string_view kSection = ".AsyncioDebug";

}  // namespace

AsyncioTasks::AsyncioTasks(const Process& process, const PythonProcess& python)
    : process_(process), python_(python), cache_(process.memory()), containers_(cache_, python.layout) {}

std::vector<AsyncioTask> AsyncioTasks::read(const PythonThreads& states) {
  cache_.clear();
  containers_.forget_types();
  tasks_.clear();
  seen_.clear();
  std::vector<PythonInterpreter> using_it;
  for (const PythonInterpreter& interpreter : states.interpreters) {
    if (module_of(interpreter, "asyncio.tasks")) using_it.push_back(interpreter);
  }
  if (using_it.empty()) return {};
  if (auto offsets = find_offsets()) {
    read_lists(states, *offsets);
  } else {
    for (const PythonInterpreter& interpreter : using_it) read_sets(interpreter);
    find_waiters();
  }
  for (AsyncioTask& task : tasks_) task.awaits = described(task.chain.awaited);
  return std::move(tasks_);
}

std::optional<Address> AsyncioTasks::module_of(const PythonInterpreter& interpreter, std::string_view name) {
  auto modules = cache_.pointer(interpreter.address + python_.layout.interp_modules);
  return modules && *modules != 0 ? containers_.find(*modules, name) : std::nullopt;
}

// The section is in the file of the module, or in the interpreter's where the module is built in.
std::optional<AsyncioTasks::Offsets> AsyncioTasks::find_offsets() const {
  if (python_.layout.version.minor < 14) return std::nullopt;
  constexpr size_t kWords = 13;
  for (const Module& module : modules_of(process_)) {
    bool may_have_it = module.path == python_.module ||
                       module.path.find("_asyncio", module.path.rfind('/') + 1) != std::string::npos;
    if (!may_have_it) continue;
    auto file = ElfFile::open(module.readable_path);
    auto section = file ? file->section(kSection) : std::nullopt;
    auto bias = section ? module.load_bias(*file) : std::nullopt;
    std::array<uint64_t, kWords> words{};
    if (!bias || section->size < sizeof words ||
        !process_.memory().read(*bias + section->address, words.data(), sizeof words))
      continue;
    // By structure: size, then members. 0 is the task's, 7 the interpreter's, 9 the thread's.
    bool sane =
        std::all_of(words.begin() + 1, words.begin() + 7, [&](uint64_t word) { return word < words[0]; }) &&
        words[0] < 4096 && words[8] < words[7] && words[11] < words[9] && words[12] < words[9];
    if (!sane) continue;
    return Offsets{.task_name = words[1],
                   .task_awaited_by = words[2],
                   .task_awaited_by_is_set = words[4],
                   .task_coroutine = words[5],
                   .task_node = words[6],
                   .interpreter_head = words[8],
                   .thread_running_task = words[11],
                   .thread_head = words[12]};
  }
  return std::nullopt;
}

// Before 3.12 a name is a str; from then on also the number of a task that was not named.
std::string AsyncioTasks::name_of(Address name) {
  const TypeInfo* type = containers_.type_of(name);
  if (type == nullptr) return {};
  if (type->is(TypeInfo::kLong)) return fmt::format("Task-{}", containers_.integer(name).value_or(0));
  if (!type->is(TypeInfo::kString)) return {};
  return read_string(cache_, python_.layout, name, kLongestName).value_or("");
}

// Null for one that has ended, or is no task.
AsyncioTask* AsyncioTasks::add(Address task, Address name, Address coroutine) {
  if (tasks_.size() >= kMostTasks || !seen_.insert(task).second) return nullptr;
  auto chain = coroutine_chain(containers_, coroutine);
  if (!chain || chain->links.empty()) return nullptr;
  return &tasks_.emplace_back(
      AsyncioTask{.address = task, .name = name_of(name), .chain = std::move(*chain)});
}

void AsyncioTasks::read_lists(const PythonThreads& states, const Offsets& offsets) {
  std::unordered_set<Address> running;
  for (const PythonThread& thread : states.threads) {
    if (auto task = cache_.pointer(thread.state + offsets.thread_running_task)) running.insert(*task);
    read_list(thread.state + offsets.thread_head, thread.thread_id, offsets);
  }
  // Those whose thread has ended.
  for (const PythonInterpreter& interpreter : states.interpreters)
    read_list(interpreter.address + offsets.interpreter_head, 0, offsets);
  for (AsyncioTask& task : tasks_) task.running = running.contains(task.address);
}

// struct llist_node, Include/internal/pycore_llist.h: next and previous; a ring through its head.
void AsyncioTasks::read_list(Address head, uint64_t thread_id, const Offsets& offsets) {
  Address node = cache_.pointer(head).value_or(0);
  for (size_t steps = 0; node != 0 && node != head && steps < kMostTasks; ++steps) {
    Address task = node - offsets.task_node;
    AsyncioTask* added = add(task, cache_.pointer(task + offsets.task_name).value_or(0),
                             cache_.pointer(task + offsets.task_coroutine).value_or(0));
    if (added != nullptr) {
      added->thread_id = thread_id;
      added->awaited_by = awaited_by(task, offsets);
    }
    node = cache_.pointer(node).value_or(0);
  }
}

std::vector<Address> AsyncioTasks::awaited_by(Address task, const Offsets& offsets) {
  Address waiter = cache_.pointer(task + offsets.task_awaited_by).value_or(0);
  if (waiter == 0) return {};
  if (cache_.get<uint8_t>(task + offsets.task_awaited_by_is_set).value_or(0) == 0) return {waiter};
  std::vector<Address> waiters;
  if (auto set = containers_.set(waiter, kMostWaiters)) {
    for (const Containers::Item& item : set->first) waiters.push_back(item.key);
  }
  return waiters;
}

// Up to 3.11 all tasks are in _all_tasks; then the eager ones that have not been suspended yet are apart.
void AsyncioTasks::read_sets(const PythonInterpreter& interpreter) {
  auto tasks = module_of(interpreter, "asyncio.tasks");
  if (!tasks) return;
  for (std::string_view name : {"_all_tasks", "_scheduled_tasks"}) {
    auto weak_set = containers_.attribute(*tasks, name);
    auto set = weak_set ? containers_.attribute(*weak_set, "data") : std::nullopt;
    if (set) add_members(*set, true);
  }
  if (auto eager = containers_.attribute(*tasks, "_eager_tasks")) add_members(*eager, false);
  auto current = containers_.attribute(*tasks, "_current_tasks");
  auto running = current ? containers_.dict(*current, kMostWaiters) : std::nullopt;
  if (!running) return;
  for (const Containers::Item& item : running->first) {
    if (AsyncioTask* task = task_at(item.value)) task->running = true;
  }
}

// PyWeakReference, Include/cpython/weakrefobject.h: the object comes first.
void AsyncioTasks::add_members(Address set, bool weak) {
  auto members = containers_.set(set, kMostTasks);
  if (!members) return;
  for (const Containers::Item& member : members->first) {
    Address task = member.key;
    if (weak) task = cache_.pointer(task + python_.layout.container.object_size).value_or(0);
    if (task != 0) add_from_module(task);
  }
}

// Tasks made by C code have their members in the object, those made by Python code as attributes.
AsyncioTask* AsyncioTasks::add_from_module(Address task) {
  Address name = 0;
  Address coroutine = 0;
  Address loop = 0;
  if (auto attribute = containers_.attribute(task, "_coro")) {
    coroutine = *attribute;
    name = containers_.attribute(task, "_name").value_or(0);
    loop = containers_.attribute(task, "_loop").value_or(0);
  } else if (python_.layout.task.coroutine != kNoOffset) {
    coroutine = cache_.pointer(task + python_.layout.task.coroutine).value_or(0);
    name = cache_.pointer(task + python_.layout.task.name).value_or(0);
    loop = cache_.pointer(task + python_.layout.task.loop).value_or(0);
  }
  AsyncioTask* added = add(task, name, coroutine);
  if (added == nullptr) return nullptr;
  auto thread_id = loop != 0 ? containers_.attribute(loop, "_thread_id") : std::nullopt;
  if (thread_id) added->thread_id = static_cast<uint64_t>(containers_.integer(*thread_id).value_or(0));
  return added;
}

AsyncioTask* AsyncioTasks::task_at(Address address) {
  auto task = std::find_if(tasks_.begin(), tasks_.end(),
                           [address](const AsyncioTask& each) { return each.address == address; });
  return task == tasks_.end() ? nullptr : &*task;
}

void AsyncioTasks::add_waiter(const AsyncioTask& waiter, Address awaited) {
  AsyncioTask* task = task_at(awaited);
  if (task == nullptr || task == &waiter) return;
  auto known = std::find(task->awaited_by.begin(), task->awaited_by.end(), waiter.address);
  if (known == task->awaited_by.end()) task->awaited_by.push_back(waiter.address);
}

// What each task waits for: a task, a future that gathers some, or a TaskGroup's tasks, whose method is then
// among its coroutines.
void AsyncioTasks::find_waiters() {
  for (const AsyncioTask& waiter : tasks_) {
    Address awaited = waiter.chain.awaited;
    if (awaited == 0) continue;
    add_waiter(waiter, awaited);
    auto children = containers_.attribute(awaited, "_children");
    auto gathered = children ? containers_.list(*children, kMostTasks) : std::nullopt;
    if (gathered) {
      for (Address child : gathered->first) add_waiter(waiter, child);
    }
    for (const CoroutineChain::Link& link : waiter.chain.links) {
      Address self = cache_.pointer(link.frame + python_.layout.frame_locals).value_or(0);
      const TypeInfo* type = containers_.type_of(self);
      if (type == nullptr || type->name != "TaskGroup") continue;
      auto tasks = containers_.attribute(self, "_tasks");
      auto members = tasks ? containers_.set(*tasks, kMostTasks) : std::nullopt;
      if (!members) continue;
      for (const Containers::Item& member : members->first) add_waiter(waiter, member.key);
    }
  }
}

std::string AsyncioTasks::described(Address awaited) {
  if (awaited == 0) return {};
  if (const AsyncioTask* task = task_at(awaited)) return fmt::format("task \"{}\"", task->name);
  const TypeInfo* type = containers_.type_of(awaited);
  return type == nullptr ? std::string() : Repr(containers_, python_.none).type_name(*type);
}

}  // namespace rtprof
