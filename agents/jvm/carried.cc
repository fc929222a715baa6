#include "agents/jvm/carried.h"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

// A collector may move objects, or give their memory back, while they are read.
long read_own(void* to, uint64_t size, uint64_t from) {
  iovec local{to, size};
  iovec remote{reinterpret_cast<void*>(from), size};  // NOLINT(performance-no-int-to-ptr): a word of the heap
  long got = ::syscall(SYS_process_vm_readv, ::getpid(), &local, 1, &remote, 1, 0);
  return got == static_cast<long>(size) ? 0 : -1;
}

template <typename Context>
void loop(uint32_t count, long (*step)(uint32_t, Context*), Context* context) {
  for (uint32_t i = 0; i < count && step(i, context) == 0; ++i) continue;
}

}  // namespace

#define RT_INLINE static inline
#define RT_READ(to, size, from) read_own(to, size, from)
#define RT_LOOP(count, step, context) loop(count, step, context)
#include "jvm/chunk_copy.h"

namespace rtprof::agents::jvm {
namespace {

// A thread has one while it copies, for some microseconds. On its own stack there may be no room.
struct Buffer {
  std::atomic<bool> taken = false;
  rt_chunk_scratch scratch;
};
constexpr size_t kBuffers = 16;
Buffer buffers[kBuffers];

Buffer* take_buffer() {
  for (Buffer& each : buffers) {
    if (!each.taken.load(std::memory_order_relaxed) && !each.taken.exchange(true, std::memory_order_acquire))
      return &each;
  }
  return nullptr;
}

}  // namespace

void Carried::know(const rt_chunk_settings& settings) {
  if (is_known_.load()) return;
  settings_ = settings;
  is_known_.store(true, std::memory_order_release);
}

Carried::Copy Carried::copy(const uint8_t* thread, const StackHeader& stack) {
  if (!is_known_.load(std::memory_order_acquire)) return {};
  // A Thread that is no JavaThread may end before that.
  uint64_t entry = word_at(reinterpret_cast<uintptr_t>(thread) + settings_.thread_entry);
  uint64_t place = entry + settings_.entry_continuation;
  bool is_on_stack = entry >= stack.sp && place - stack.sp + sizeof(uint64_t) <= stack.size;
  if (!is_on_stack || entry % sizeof(uint64_t) != 0 || place % sizeof(uint64_t) != 0) return {};
  uint64_t continuation = word_at(place);
  Buffer* buffer = continuation == 0 ? nullptr : take_buffer();
  if (buffer == nullptr) return {};
  uint32_t size = rt_copy_continuation(&settings_, entry, continuation, &buffer->scratch);
  return {&buffer->taken, &buffer->scratch.record, size};
}

}  // namespace rtprof::agents::jvm
