// A program that looks like CPython 3.99 from outside: it exports what an interpreter exports, with nothing
// inside.
#include <stdio.h>
#include <unistd.h>

const unsigned long Py_Version = 0x036300f0;
__attribute__((section(".PyRuntime"))) struct {
  char cookie[8];
  unsigned long version;
  char rest[4096];
} _PyRuntime = {{'x', 'd', 'e', 'b', 'u', 'g', 'p', 'y'}, 0x036300f0, {0}};

int main(void) {
  puts("ready");
  fflush(stdout);
  sleep(60);
  return 0;
}
