// usage: deep SECONDS still|moving
// A stack of 300 KiB in frames of 512 bytes, without frame pointers where it is compiled so.
// still: stays there, and works in turns with short sleeps.
// moving: goes down, works for 2 ms and returns, again and again: through down_a() to work_a(), and half as
// deep through down_b() to work_b().
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { kFrames = 600, kLocalBytes = 496 };

static double end;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

__attribute__((noinline)) static void spin(double seconds) {
  double until = now() + seconds;
  while (now() < until) {
    for (int i = 0; i < 10000; ++i) asm volatile("");
  }
}

__attribute__((noinline)) static void work_still(void) {
  while (now() < end) {
    spin(0.003);
    usleep(1000);
  }
  asm volatile("");  // keeps the last call from being a jump
}

// The comments in assembly keep the compiler from making one function of those that are alike.
__attribute__((noinline)) static void work_a(void) {
  spin(0.002);
  asm volatile("# work_a");
}

__attribute__((noinline)) static void work_b(void) {
  spin(0.002);
  asm volatile("# work_b");
}

#define DOWN(name, work)                                 \
  __attribute__((noinline)) static void name(int left) { \
    char local[kLocalBytes];                             \
    memset(local, left, sizeof local);                   \
    if (left > 0) {                                      \
      name(left - 1);                                    \
    } else {                                             \
      work();                                            \
    }                                                    \
    asm volatile("# " #name : : "r"(local) : "memory");  \
  }
DOWN(down, work_still)
DOWN(down_a, work_a)
DOWN(down_b, work_b)

int main(int count, char** arguments) {
  if (count < 3) return 2;
  end = now() + atoi(arguments[1]);
  puts("ready");
  fflush(stdout);
  if (strcmp(arguments[2], "still") == 0) {
    down(kFrames);
    return 0;
  }
  while (now() < end) {
    down_a(kFrames);
    down_b(kFrames / 2);
  }
}
