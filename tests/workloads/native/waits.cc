// usage: waits SECONDS
// Threads that wait, each for one thing: in_lock for a lock and in_pipe for a byte of a pipe, some ms at a
// time, and in_sleep from before the recording to after it.
#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

static std::mutex lock;
static int ends[2];
static std::chrono::steady_clock::time_point end;

static bool done() {
  return std::chrono::steady_clock::now() >= end;
}

__attribute__((noinline)) static void take_lock() {
  lock.lock();
  lock.unlock();
}

__attribute__((noinline)) static void read_pipe() {
  char byte;
  if (read(ends[0], &byte, 1) != 1) std::abort();
}

__attribute__((noinline)) static void sleep_forever() {
  sleep(1000);
  asm volatile("");  // keeps the call from being a jump
}

static void named(const char* name, void (*wait)()) {
  std::thread([=] {
    pthread_setname_np(pthread_self(), name);
    while (!done()) wait();
  }).detach();
}

int main(int, char** arguments) {
  end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(arguments[1]));
  if (pipe(ends) != 0) return 1;
  lock.lock();
  named("in_lock", take_lock);
  named("in_pipe", read_pipe);
  named("in_sleep", sleep_forever);
  std::puts("ready");
  std::fflush(stdout);
  while (!done()) {
    usleep(5000);
    if (write(ends[1], "x", 1) != 1) return 1;
    lock.unlock();
    usleep(100);
    lock.lock();
  }
}
