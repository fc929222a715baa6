// The frame walker and the readers of thread lists, over memory that is arbitrary. The input's first bytes
// choose the version and how much is readable; the rest is the memory, repeated over the whole address space
// so that every pointer leads somewhere, and read as debug offsets too.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "python/layout.h"
#include "python/remote_walker.h"
#include "python/threads.h"
#include "tests/fuzz/arbitrary_memory.h"

namespace rtprof {
namespace {

// 3.8 to 3.12 from the tables; above, 3.12 with what later versions changed.
PythonLayout layout_for(uint8_t choice) {
  auto minor = static_cast<uint8_t>(8 + choice % 8);
  PythonLayout layout = *layout_of({3, std::min<uint8_t>(minor, 12)});
  if (minor > 12) {
    layout.walk.cframe_frame = kNoOffset;
    layout.walk.code_mask = ~uint64_t{1};
    layout.walk.shim_owners = 1 << 3;
  }
  return layout;
}

void walk_everything(const Memory& memory, const PythonLayout& layout, Address state) {
  RemoteWalker walker(memory, layout);
  WalkMemory remembered;
  auto thread_id = memory.get<uint64_t>(state + layout.walk.thread_id).value_or(0);
  for (int round = 0; round < 3; ++round) {
    RemoteWalker::Walk walk = walker.walk(state, thread_id, remembered);
    if (walk.leaf_first.size() > RemoteWalker::kMostFrames) __builtin_trap();
    walker.still_there();
  }
  PythonThreads threads = read_thread_states(memory, layout);
  gil_holders(memory, layout.walk, threads.interpreters);
}

}  // namespace
}  // namespace rtprof

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rtprof;
  constexpr size_t kHead = 2 + 2 * sizeof(uint64_t);
  if (size < kHead + 8) return 0;
  PythonLayout layout = layout_for(data[0]);
  ArbitraryMemory memory({data + kHead, size - kHead}, data[1]);
  Address state = 0;
  std::memcpy(&state, data + 2, sizeof state);
  std::memcpy(&layout.walk.runtime, data + 2 + sizeof state, sizeof state);

  walk_everything(memory, layout, state);
  if (auto own = layout_from_debug_offsets({data + kHead, size - kHead})) {
    own->walk.runtime = layout.walk.runtime;
    walk_everything(memory, *own, state);
  }
  std::vector<uint64_t> pthreads{state};
  find_tid_offset(memory, pthreads, {{1, 1}, {2, 2}});
  return 0;
}
