/* Waits of every kind, each in a function of its own, again and again, and knows for how long it waited.
 *
 * usage: waits COUNTERS     words of the file: 0 is 1 while it is to wait, else it sleeps in idle(); from 1
 * on the time of each kind so far, elapsed less CPU time in ns, in the order of `kinds`.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "counters.h"

enum { kStepNs = 20000000, kFileSize = 32 << 20, kPage = 4096, kStride = 64 * kPage };

static uint64_t* counters;
static int pipe_ends[2], socket_ends[2];
static int file;
static volatile char* mapped;
static volatile int* compete; /* shared with the process that competes */
static volatile unsigned sink;

static uint64_t clock_ns(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void must(int worked, const char* what) {
  if (worked) return;
  perror(what);
  exit(1);
}

static void nap(long ns) {
  struct timespec time = {0, ns};
  nanosleep(&time, NULL);
}

/* Runs body() in a child that ends with this process. */
static void in_child(void (*body)(void)) {
  pid_t parent = getpid(), child = fork();
  must(child >= 0, "fork");
  if (child > 0) return;
  while (getppid() == parent) body();
  _exit(0);
}

static void feed(void) {
  nap(kStepNs);
  must(write(pipe_ends[1], "x", 1) == 1 && write(socket_ends[1], "x", 1) == 1, "write");
}

static void on_last_cpu(void) {
  cpu_set_t all;
  must(sched_getaffinity(0, sizeof all, &all) == 0, "sched_getaffinity");
  int last = CPU_SETSIZE - 1;
  while (!CPU_ISSET(last, &all)) --last;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(last, &one);
  must(sched_setaffinity(0, sizeof one, &one) == 0, "sched_setaffinity");
}

static void contend(void) {
  on_last_cpu();
  if (!*compete) nap(1000000);
}

static __attribute__((noinline)) void wait_sleep(void) {
  nap(kStepNs);
  sink = 0;
}

static __attribute__((noinline)) void wait_lock(void) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
  uint64_t end = clock_ns(CLOCK_REALTIME) + kStepNs;
  struct timespec until = {(time_t)(end / 1000000000u), (long)(end % 1000000000u)};
  pthread_mutex_lock(&mutex);
  pthread_cond_timedwait(&never, &mutex, &until);
  pthread_mutex_unlock(&mutex);
}

static __attribute__((noinline)) void wait_disk(void) {
  char page[kPage];
  posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  for (off_t at = 0; at < kFileSize; at += kStride) must(pread(file, page, kPage, at) == kPage, "pread");
  sink = (unsigned)page[0];
}

static __attribute__((noinline)) void wait_network(void) {
  char bytes[64];
  must(read(socket_ends[0], bytes, sizeof bytes) > 0, "read");
}

static __attribute__((noinline)) void wait_pipe(void) {
  char bytes[64];
  must(read(pipe_ends[0], bytes, sizeof bytes) > 0, "read");
}

static __attribute__((noinline)) void wait_child(void) {
  pid_t child = fork();
  if (child == 0) {
    nap(kStepNs);
    _exit(0);
  }
  must(waitpid(child, NULL, 0) == child, "waitpid");
}

static __attribute__((noinline)) void wait_fault(void) {
  madvise((void*)mapped, kFileSize, MADV_DONTNEED);
  posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  unsigned sum = 0;
  for (size_t at = 0; at < kFileSize; at += kStride) sum += (unsigned)mapped[at];
  sink = sum;
}

static __attribute__((noinline)) void wait_preempted(void) {
  uint64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + kStepNs;
  while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < end)
    for (unsigned i = 0; i < 10000; ++i) sink = i;
}

static __attribute__((noinline)) void idle(void) {
  while (!__atomic_load_n(&counters[0], __ATOMIC_ACQUIRE)) nap(1000000);
}

/* In the order of the words. */
static void (*const kinds[])(void) = {wait_sleep, wait_lock,  wait_disk,  wait_network,
                                      wait_pipe,  wait_child, wait_fault, wait_preempted};

/* A file whose pages are not in memory: /var/tmp is on a disk, /tmp need not be. */
static void make_file(void) {
  char path[] = "/var/tmp/rtprof-bench-XXXXXX";
  file = mkstemp(path);
  must(file >= 0, path);
  unlink(path);
  static char block[1 << 20];
  memset(block, 1, sizeof block);
  for (int i = 0; i < kFileSize >> 20; ++i) must(write(file, block, sizeof block) == sizeof block, "write");
  must(fsync(file) == 0, "fsync");
  posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM);
  void* memory = mmap(NULL, kFileSize, PROT_READ, MAP_SHARED, file, 0);
  must(memory != MAP_FAILED, "mmap");
  madvise(memory, kFileSize, MADV_RANDOM);
  mapped = memory;
}

/* Empties what was sent meanwhile, so that the next read waits. */
static void drain(void) {
  char bytes[4096];
  if (recv(socket_ends[0], bytes, sizeof bytes, MSG_DONTWAIT) < 0) sink = 0;
  int filled = 0;
  while (ioctl(pipe_ends[0], FIONREAD, &filled) == 0 && filled > 0)
    must(read(pipe_ends[0], bytes, sizeof bytes) > 0, "read");
}

int main(int count, char** words) {
  if (count != 2) return 2;
  size_t most = sizeof kinds / sizeof kinds[0];
  counters = map_counters(words[1], 1 + most);
  compete = mmap(NULL, sizeof *compete, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  must(pipe(pipe_ends) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, socket_ends) == 0, "pipe");
  make_file();
  in_child(feed);
  in_child(contend);
  cpu_set_t everywhere;
  must(sched_getaffinity(0, sizeof everywhere, &everywhere) == 0, "sched_getaffinity");
  say_ready();
  for (;;) {
    for (size_t kind = 0; kind < most; ++kind) {
      idle();
      drain();
      int is_competition = kinds[kind] == wait_preempted;
      if (is_competition) on_last_cpu();
      *compete = is_competition;
      uint64_t start = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
      kinds[kind]();
      uint64_t used = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
      counters[1 + kind] += clock_ns(CLOCK_MONOTONIC) - start - used;
      *compete = 0;
      if (is_competition) sched_setaffinity(0, sizeof everywhere, &everywhere);
    }
  }
}
