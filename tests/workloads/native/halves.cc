// usage: halves SECONDS
// Spends the first half of that CPU time below first, the second below second.
#include <cstdlib>
#include <ctime>

static double cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

__attribute__((noinline)) void spin(double seconds) {
  double end = cpu_time() + seconds;
  while (cpu_time() < end) asm volatile("");
}

__attribute__((noinline)) void first(double seconds) {
  spin(seconds);
  asm volatile("");  // keeps the call from being a jump
}

__attribute__((noinline)) void second(double seconds) {
  spin(seconds);
  asm volatile("");
}

int main(int count, char** arguments) {
  if (count < 2) return 2;
  double half = std::atof(arguments[1]) / 2;
  first(half);
  second(half);
}
