/* Threads that compute without end, without memory and without the kernel.
 *
 * usage: spin THREADS [MILLISECONDS]     threads that live for so long, each followed by the next
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "counters.h"

static double lifetime = 0; /* in seconds of elapsed time, 0: no end */

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static __attribute__((noinline)) void spin(long steps) {
  for (long i = 0; i < steps; ++i) __asm__ volatile("" : "+r"(i));
}

static void* body(void* unused) {
  double end = now() + lifetime;
  do {
    spin(10000);
  } while (lifetime == 0 || now() < end);
  return unused;
}

/* Starts one thread after the other. */
static void* starter(void* unused) {
  for (;;) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, NULL) == 0) pthread_join(thread, NULL);
  }
  return unused;
}

int main(int count, char** words) {
  if (count < 2) return 2;
  if (count > 2) lifetime = atof(words[2]) / 1000;
  void* (*start)(void*) = lifetime == 0 ? body : starter;
  for (int i = 1; i < atoi(words[1]); ++i) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, start, NULL) != 0) return 1;
  }
  say_ready();
  start(NULL);
}
