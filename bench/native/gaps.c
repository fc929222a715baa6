/* Watches a clock without pause and notes when it jumps: for so long the thread did not run. Loaded by the
 * workload gaps.py, so that the interrupted thread is one with Python frames. */
#include <stdint.h>
#include <time.h>

struct gap {
  uint64_t at;     /* CLOCK_MONOTONIC, ns */
  uint64_t length; /* ns */
};

/* Shared with the benchmark: `count` gaps were noted, gap number i is in gaps[i % size]. */
struct log {
  uint64_t count;
  uint64_t size;
  struct gap gaps[];
};

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* For `duration` ns notes all jumps of more than `least` ns. A jump's length is less by what a turn takes. */
void watch(struct log* log, uint64_t duration, uint64_t least) {
  uint64_t last = now();
  const uint64_t end = last + duration;
  uint64_t turn = 1000;
  while (last < end) {
    uint64_t next = now();
    uint64_t length = next - last;
    if (length > least) {
      uint64_t index = __atomic_load_n(&log->count, __ATOMIC_RELAXED);
      log->gaps[index % log->size] = (struct gap){last, length - turn};
      __atomic_store_n(&log->count, index + 1, __ATOMIC_RELEASE);
      next = now();
    } else if (length < turn) {
      turn = length;
    }
    last = next;
  }
}
