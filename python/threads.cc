#include "python/threads.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_set>

namespace rtprof {
namespace {

// Bounds against lists that a target changes while they are read.
constexpr size_t kMostInterpreters = 4096;
constexpr size_t kMostThreads = 65536;

// Where the id is in struct pthread, x86-64: glibc 2.4 and newer (nptl/descr.h), musl 1.2 and newer
// (src/internal/pthread_impl.h).
constexpr std::array<int, 2> kKnownOffsets = {0x2d0, 0x30};
constexpr size_t kPthreadBytes = 0x800;

template <typename T>
T field(const std::vector<uint8_t>& bytes, uint16_t offset) {
  T value{};
  if (offset != kNoOffset && offset + sizeof value <= bytes.size())
    std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// Bytes at the start of a structure that hold all of the fields, each of up to 8 bytes.
size_t extent(std::initializer_list<uint16_t> offsets) {
  size_t end = 0;
  for (uint16_t offset : offsets) {
    if (offset != kNoOffset) end = std::max<size_t>(end, offset + sizeof(uint64_t));
  }
  return end;
}

class ListReader {
 public:
  ListReader(const Memory& memory, const PythonLayout& layout)
      : memory_(memory),
        layout_(layout),
        thread_bytes_(extent({layout.walk.thread_next, layout.walk.thread_interp, layout.walk.thread_id,
                              layout.thread.native_thread_id})),
        interpreter_bytes_(extent({layout.walk.interp_next, layout.walk.interp_threads_head, layout.interp_id,
                                   layout.walk.interp_gil})) {}

  PythonThreads read() {
    const rt_py_walk& walk = layout_.walk;
    Address next = memory_.pointer(walk.runtime + walk.runtime_interpreters_head).value_or(0);
    if (next == 0) result_.complete = false;
    std::unordered_set<Address> seen;
    while (next != 0) {
      if (seen.size() == kMostInterpreters || !seen.insert(next).second) return torn();
      if (!memory_.read(next, interpreter_bytes_.data(), interpreter_bytes_.size())) return torn();
      PythonInterpreter interpreter;
      interpreter.address = next;
      interpreter.id = field<int64_t>(interpreter_bytes_, layout_.interp_id);
      interpreter.gil =
          walk.interp_gil == kNoOffset ? walk.gil : field<uint64_t>(interpreter_bytes_, walk.interp_gil);
      next = field<uint64_t>(interpreter_bytes_, walk.interp_next);
      interpreter.threads_head = field<uint64_t>(interpreter_bytes_, walk.interp_threads_head);
      result_.interpreters.push_back(interpreter);
      read_threads(interpreter.address, interpreter.threads_head);
    }
    return std::move(result_);
  }

 private:
  PythonThreads torn() {
    result_.complete = false;
    return std::move(result_);
  }

  void read_threads(Address interpreter, Address next) {
    const rt_py_walk& walk = layout_.walk;
    while (next != 0) {
      bool readable = result_.threads.size() < kMostThreads && seen_threads_.insert(next).second &&
                      memory_.read(next, thread_bytes_.data(), thread_bytes_.size());
      if (!readable || field<uint64_t>(thread_bytes_, walk.thread_interp) != interpreter) {
        result_.complete = false;
        return;
      }
      PythonThread thread;
      thread.state = next;
      thread.interpreter = interpreter;
      thread.thread_id = field<uint64_t>(thread_bytes_, walk.thread_id);
      thread.native_id = field<uint64_t>(thread_bytes_, layout_.thread.native_thread_id);
      result_.threads.push_back(thread);
      next = field<uint64_t>(thread_bytes_, walk.thread_next);
    }
  }

  const Memory& memory_;
  const PythonLayout& layout_;
  std::vector<uint8_t> thread_bytes_;
  std::vector<uint8_t> interpreter_bytes_;
  std::unordered_set<Address> seen_threads_;
  PythonThreads result_;
};

// How many of the blocks hold an id at `offset`, each another one.
size_t matches(const std::vector<std::vector<uint8_t>>& blocks, int offset,
               const std::unordered_map<pid_t, pid_t>& ids) {
  std::unordered_set<pid_t> found;
  for (const auto& block : blocks) {
    auto id = field<pid_t>(block, static_cast<uint16_t>(offset));
    if (id != 0 && ids.contains(id)) found.insert(id);
  }
  return found.size();
}

}  // namespace

PythonThreads read_thread_states(const Memory& memory, const PythonLayout& layout) {
  return ListReader(memory, layout).read();
}

std::vector<Address> gil_holders(const Memory& memory, const rt_py_walk& walk,
                                 const std::vector<PythonInterpreter>& interpreters) {
  struct Gil {
    Address holder = 0;
    int32_t locked = 0;
  };
  std::vector<Address> addresses;
  for (const PythonInterpreter& interpreter : interpreters) {
    bool known = std::find(addresses.begin(), addresses.end(), interpreter.gil) != addresses.end();
    if (interpreter.gil != 0 && !known) addresses.push_back(interpreter.gil);
  }
  std::vector<Gil> gils(addresses.size());
  std::vector<MemoryRange> ranges;
  for (size_t i = 0; i < addresses.size(); ++i) {
    ranges.push_back({addresses[i] + walk.gil_last_holder, &gils[i].holder, sizeof gils[i].holder});
    ranges.push_back({addresses[i] + walk.gil_locked, &gils[i].locked, sizeof gils[i].locked});
  }
  gils.resize(memory.read_batch(ranges) / 2);
  std::vector<Address> holders;
  for (const Gil& gil : gils) {
    if (gil.locked == 1 && gil.holder != 0) holders.push_back(gil.holder);
  }
  return holders;
}

int find_tid_offset(const Memory& memory, const std::vector<uint64_t>& pthreads,
                    const std::unordered_map<pid_t, pid_t>& ids) {
  std::vector<std::vector<uint8_t>> blocks;
  for (uint64_t pthread : pthreads) {
    // The structure is at the end of its mapping in musl, so that less than all may be readable.
    for (size_t size = kPthreadBytes; size >= 64; size /= 2) {
      if (auto block = memory.bytes(pthread, size)) {
        blocks.push_back(std::move(*block));
        break;
      }
    }
  }
  if (blocks.empty()) return -1;
  int best = -1;
  size_t best_matches = (pthreads.size() - 1) / 2;
  auto consider = [&](int offset) {
    size_t count = matches(blocks, offset, ids);
    if (count > best_matches) {
      best = offset;
      best_matches = count;
    }
  };
  for (int offset : kKnownOffsets) consider(offset);
  if (best >= 0 && best_matches == blocks.size()) return best;
  for (int offset = 0; offset < static_cast<int>(kPthreadBytes); offset += 4) consider(offset);
  return best;
}

void ThreadIds::refresh_tasks() {
  tasks_.clear();
  auto main = read_status(process_.directory());
  bool own_namespace = main && main->ns_pids.size() > 1;
  for (pid_t tid : process_.threads()) {
    if (!own_namespace) {
      tasks_[tid] = tid;
    } else if (auto status = read_status(process_.directory() + "/task/" + std::to_string(tid))) {
      if (!status->ns_pids.empty()) tasks_[status->ns_pids.back()] = tid;
    }
  }
}

void ThreadIds::resolve(std::vector<PythonThread>& threads) {
  refresh_tasks();
  const Memory& memory = process_.memory();
  std::vector<uint64_t> pthreads;
  for (const PythonThread& thread : threads) {
    if (thread.thread_id != 0) pthreads.push_back(thread.thread_id);
  }
  std::sort(pthreads.begin(), pthreads.end());
  pthreads.erase(std::unique(pthreads.begin(), pthreads.end()), pthreads.end());
  if (offset_ < 0 && !pthreads.empty()) offset_ = find_tid_offset(memory, pthreads, tasks_);
  for (PythonThread& thread : threads) {
    std::optional<pid_t> id;
    if (offset_ >= 0 && thread.thread_id != 0)
      id = memory.get<pid_t>(thread.thread_id + static_cast<uint64_t>(offset_));
    if (!id && thread.native_id != 0) id = static_cast<pid_t>(thread.native_id);
    auto task = id ? tasks_.find(*id) : tasks_.end();
    thread.tid = task == tasks_.end() ? 0 : task->second;
  }
}

}  // namespace rtprof
