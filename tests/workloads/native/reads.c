// usage: reads SECONDS
// Spends its CPU time in a system call: fill() has the kernel write zeros over a large buffer.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static char buffer[8 << 20];

__attribute__((noinline)) static int fill(int zeros) {
  return read(zeros, buffer, sizeof buffer) != (ssize_t)sizeof buffer;
}

int main(int count, char** arguments) {
  if (count < 2) return 2;
  time_t end = time(NULL) + atoi(arguments[1]);
  int zeros = open("/dev/zero", O_RDONLY);
  puts("ready");
  fflush(stdout);
  while (time(NULL) < end) {
    if (fill(zeros)) return 1;
  }
}
