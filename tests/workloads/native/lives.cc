// usage: lives SECONDS
// Threads that come and go: each of two makes one that sleeps and computes for some 10 ms, joins it, and
// makes the next.
#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

static Clock::time_point end;

__attribute__((noinline)) static void spin_for(std::chrono::milliseconds time) {
  for (auto until = Clock::now() + time; Clock::now() < until;) continue;
}

static void live() {
  pthread_setname_np(pthread_self(), "short_life");
  spin_for(3ms);
  usleep(4000);
  spin_for(3ms);
}

static void make_others() {
  while (Clock::now() < end) std::thread(live).join();
}

int main(int, char** arguments) {
  end = Clock::now() + std::chrono::seconds(std::atoi(arguments[1]));
  std::thread other(make_others);
  std::puts("ready");
  std::fflush(stdout);
  make_others();
  other.join();
}
