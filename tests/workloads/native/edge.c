// usage: edge SECONDS
// Spins in a function whose stack pointer is at the beginning of a page, below which nothing of the stack was
// ever touched.
#include <alloca.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { kPage = 4096, kDeeper = 64 * kPage, kFromEdge = 64 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

__attribute__((noinline)) static void spin_at_edge(void) {
  for (int i = 0; i < 20000000; ++i) asm volatile("");
}

// Calls nothing else where its stack is deep.
__attribute__((noinline)) static void go_to_edge(void) {
  uintptr_t here = (uintptr_t)__builtin_frame_address(0);
  char* deep = alloca(kDeeper + here % kPage + kPage - kFromEdge);
  asm volatile("" : : "r"(deep) : "memory");
  spin_at_edge();
  asm volatile("");
}

int main(int count, char** arguments) {
  if (count < 2) return 2;
  double end = now() + atoi(arguments[1]);
  puts("ready");
  fflush(stdout);
  while (now() < end) go_to_edge();
}
