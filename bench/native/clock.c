/* The least that sampling a thread in the kernel takes: its CPU clock interrupts it, and nothing is done
 * then.
 *
 * usage: clock TID HZ SECONDS       prints the number of interruptions as JSON
 */
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

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
  int event = (int)syscall(SYS_perf_event_open, &attributes, atoi(words[1]), -1, -1, PERF_FLAG_FD_CLOEXEC);
  if (event < 0) {
    perror("perf_event_open");
    return 1;
  }
  double seconds = atof(words[3]);
  struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
  nanosleep(&time, NULL);
  uint64_t clock = 0;
  if (read(event, &clock, sizeof clock) != sizeof clock) return 1;
  printf("{\"count\": %llu}\n", (unsigned long long)(clock / attributes.sample_period));
  return 0;
}
