// Waits in system calls, and counts those that a signal has ended early: the native half of Interrupts.java.
//
// Declares what it needs of JNI itself, whose headers are of a JDK: pointers that it does not look into, and
// strings through the table of functions (JNI Specification, chapter 4, Interface Function Table).
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "counters.h"

typedef const void* const* Env;
typedef const char* (*GetStringUTFChars)(Env* env, void* string, unsigned char* is_copy);

enum { kGetStringUTFChars = 169, kMilliseconds = 10 };

static uint64_t* counters;

static void count_interruption(int thread, long result) {
  if (result < 0 && errno == EINTR) count_one(counters + thread);
}

void Java_Interrupts_count(Env* env, void* type, void* file, int threads) {
  (void)type;
  GetStringUTFChars text = (GetStringUTFChars)(uintptr_t)(*env)[kGetStringUTFChars];
  counters = map_counters(text(env, file, NULL), (size_t)threads);
}

void Java_Interrupts_waitInPoll(Env* env, void* type, int thread) {
  (void)env, (void)type;
  while (1) count_interruption(thread, poll(NULL, 0, kMilliseconds));
}

void Java_Interrupts_waitInRead(Env* env, void* type, int thread) {
  (void)env, (void)type;
  int ends[2];
  char byte = 0;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) abort();
  // Of a socket with a timeout a read is not begun again after a signal.
  struct timeval timeout = {.tv_usec = kMilliseconds * 1000};
  if (setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout)) abort();
  while (1) count_interruption(thread, read(ends[0], &byte, 1));
}

void Java_Interrupts_waitInSleep(Env* env, void* type, int thread) {
  (void)env, (void)type;
  while (1)
    count_interruption(thread, nanosleep(&(struct timespec){.tv_nsec = kMilliseconds * 1000000}, NULL));
}
