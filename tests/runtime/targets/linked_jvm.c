/* A program with the marks of a JVM that is part of it: LINKED, as HotSpot describes itself; else the section
 * in which GraalVM's native images have their heap. Waits. */
#include <stdio.h>
#include <unistd.h>

#ifdef LINKED
void* gHotSpotVMStructs = &gHotSpotVMStructs;
#else
__attribute__((section(".svm_heap"))) char heap[64] = {1};
#endif

int main(void) {
  puts("ready");
  fflush(stdout);
  sleep(60);
  return 0;
}
