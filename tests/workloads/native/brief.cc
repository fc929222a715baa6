// usage: brief SECONDS
// Threads that live a millisecond, each followed by another. Truth: all CPU time but that of creating them is
// below brief.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

using Clock = std::chrono::steady_clock;

__attribute__((noinline)) void spin(Clock::time_point end) {
  while (Clock::now() < end) asm volatile("");
}

__attribute__((noinline)) void brief() {
  spin(Clock::now() + std::chrono::milliseconds(1));
  asm volatile("");  // keeps the call from being a jump
}

int main(int count, char** arguments) {
  if (count < 2) return 2;
  auto end = Clock::now() + std::chrono::seconds(std::atoi(arguments[1]));
  std::puts("ready");
  std::fflush(stdout);
  while (Clock::now() < end) std::thread(brief).join();
}
