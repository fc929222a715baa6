/* How many ticks of a thread's CPU clock the kernel delivers of those that it owes: what a busy host keeps
 * from a virtual machine, no profiler can have.
 *
 * usage: ticks TID HZ SECONDS       prints the numbers owed and delivered as JSON
 */
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* A record is no more than its header and a time. */
#define RECORD_BYTES 16
/* Is not read meanwhile: 16 MiB hold a million ticks. */
#define RING_BYTES (16 << 20)

int main(int count, char** words) {
  if (count != 4) {
    fprintf(stderr, "usage: %s TID HZ SECONDS\n", words[0]);
    return 2;
  }
  struct perf_event_attr attributes = {0};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  attributes.sample_period = (uint64_t)(1e9 / atof(words[2]));
  attributes.sample_type = PERF_SAMPLE_TIME;
  attributes.disabled = 1;
  int event = (int)syscall(SYS_perf_event_open, &attributes, atoi(words[1]), -1, -1, PERF_FLAG_FD_CLOEXEC);
  if (event < 0) {
    perror("perf_event_open");
    return 1;
  }
  long page = sysconf(_SC_PAGESIZE);
  struct perf_event_mmap_page* ring =
      mmap(NULL, (size_t)page + RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, event, 0);
  if (ring == MAP_FAILED) {
    perror("mmap");
    return 1;
  }
  double seconds = atof(words[3]);
  struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
  ioctl(event, PERF_EVENT_IOC_ENABLE, 0);
  nanosleep(&time, NULL);
  ioctl(event, PERF_EVENT_IOC_DISABLE, 0);
  uint64_t clock = 0;
  if (read(event, &clock, sizeof clock) != sizeof clock) return 1;
  printf("{\"owed\": %llu, \"delivered\": %llu}\n", (unsigned long long)(clock / attributes.sample_period),
         (unsigned long long)(ring->data_head / RECORD_BYTES));
  return 0;
}
