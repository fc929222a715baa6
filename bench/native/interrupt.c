/* The least that holding a thread by ptrace takes: attach, interrupt, wait until it has stopped, let go;
 * nothing read.
 *
 * usage: interrupt TID HZ SECONDS       prints as JSON the number of times, the median of their lengths in
 *                                       ns, and the ticks that were over before the one before was done
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int compare(const void* a, const void* b) {
  uint64_t left = *(const uint64_t*)a;
  uint64_t right = *(const uint64_t*)b;
  return left < right ? -1 : left > right;
}

/* A thread on another CPU stops within this time. One that does not may need ours: spinning would keep it. */
enum { kLongestSpinNs = 50000 };

/* The time from the interrupt to the moment at which the thread may run on; 0 when it could not be held. */
static uint64_t hold(pid_t tid) {
  if (ptrace(PTRACE_SEIZE, tid, 0, 0) != 0) return 0;
  uint64_t start = now();
  ptrace(PTRACE_INTERRUPT, tid, 0, 0);
  siginfo_t info;
  do {
    info.si_pid = 0;
    int spin = now() - start < kLongestSpinNs ? WNOHANG : 0;
    if (waitid(P_PID, (id_t)tid, &info, WSTOPPED | WEXITED | WNOWAIT | __WALL | spin) != 0) return 0;
  } while (info.si_pid == 0);
  int number = (info.si_status >> 8) == 0 ? info.si_status & 0x7f : 0; /* a signal on its way goes on */
  if (ptrace(PTRACE_DETACH, tid, 0, number) != 0) return 0;
  return now() - start;
}

int main(int count, char** words) {
  if (count != 4) {
    fprintf(stderr, "usage: %s TID HZ SECONDS\n", words[0]);
    return 2;
  }
  pid_t tid = (pid_t)atol(words[1]);
  uint64_t period = (uint64_t)(1e9 / atof(words[2]));
  uint64_t end = now() + (uint64_t)(atof(words[3]) * 1e9);
  size_t most = (size_t)(atof(words[2]) * atof(words[3])) + 1;
  uint64_t* holds = calloc(most, sizeof *holds);
  size_t held = 0;
  size_t late = 0;
  setpriority(PRIO_PROCESS, 0, -20);
  prctl(PR_SET_TIMERSLACK, 1);
  for (uint64_t due = now() + period; holds && held < most && due < end; due += period) {
    struct timespec time = {(time_t)(due / 1000000000u), (long)(due % 1000000000u)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, 0);
    uint64_t length = hold(tid);
    if (length != 0) holds[held++] = length;
    for (uint64_t then = now(); then > due + 2 * period; due += period) ++late;
  }
  if (held == 0) {
    fprintf(stderr, "%s: the thread could not be held\n", words[0]);
    return 1;
  }
  qsort(holds, held, sizeof *holds, compare);
  printf("{\"count\": %zu, \"p50_ns\": %llu, \"late\": %zu}\n", held, (unsigned long long)holds[held / 2],
         late);
  return 0;
}
