// usage: edge SECONDS
// Spins in a function whose stack pointer is at the beginning of a page, below which nothing of the stack was
// ever touched. It is killed when the time is over: a thread that came back to look at a clock would be met
// rootward of its deep stack now and then, where what lies there is not taken to have stayed as it is.
#include <alloca.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { kPage = 4096, kDeeper = 64 * kPage, kFromEdge = 64 };

static volatile int returns;

// Calls nothing, which would touch the page below.
__attribute__((noinline)) static void spin_at_edge(void) {
  while (!returns) asm volatile("");
}

__attribute__((noinline)) static void go_to_edge(void) {
  uintptr_t here = (uintptr_t)__builtin_frame_address(0);
  char* deep = alloca(kDeeper + here % kPage + kPage - kFromEdge);
  asm volatile("" : : "r"(deep) : "memory");
  spin_at_edge();
  asm volatile("");
}

int main(int count, char** arguments) {
  if (count < 2) return 2;
  alarm((unsigned)atoi(arguments[1]));
  puts("ready");
  fflush(stdout);
  go_to_edge();
}
