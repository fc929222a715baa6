/* Two threads on one CPU hand a byte to each other through two pipes: two context switches a round trip,
 * nothing else.
 *
 * usage: ping_pong COUNTERS     counts its round trips in a word of the file
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "counters.h"

static int ping[2], pong[2];

static void must(int worked) {
  if (!worked) exit(1);
}

static void* answer(void* unused) {
  char byte;
  for (;;) {
    must(read(ping[0], &byte, 1) == 1);
    must(write(pong[1], &byte, 1) == 1);
  }
  return unused;
}

/* On the last CPU that is allowed. */
static void pin(void) {
  cpu_set_t allowed, one;
  must(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
  int last = CPU_SETSIZE - 1;
  while (!CPU_ISSET(last, &allowed)) --last;
  CPU_ZERO(&one);
  CPU_SET(last, &one);
  must(sched_setaffinity(0, sizeof one, &one) == 0);
}

int main(int count, char** words) {
  if (count != 2) return 2;
  uint64_t* turns = map_counters(words[1], 1);
  pin();
  pthread_t thread;
  must(pipe(ping) == 0 && pipe(pong) == 0 && pthread_create(&thread, NULL, answer, NULL) == 0);
  say_ready();
  char byte = 0;
  for (;;) {
    must(write(ping[1], &byte, 1) == 1);
    must(read(pong[0], &byte, 1) == 1);
    count_one(turns);
  }
}
