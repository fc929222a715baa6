// usage: shares SECONDS [THREADS]
// Each thread spends a quarter of its CPU time below hot_a and the rest below hot_b, in turns of a
// millisecond or so, called through libc and the standard library, without frame pointers where it is
// compiled so.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

// One step of work, at the same speed wherever it is called from.
extern "C" __attribute__((noinline)) void spin(long steps) {
  for (long i = 0; i < steps; ++i) asm volatile("" : "+r"(i));
}

static long steps_of_a_turn = 1'000'000;

// By way of qsort(), whose frames in libc lie between.
__attribute__((noinline)) void hot_a() {
  std::array<int, 2> two{1, 2};
  std::qsort(two.data(), two.size(), sizeof(int), [](const void*, const void*) {
    spin(steps_of_a_turn);
    return 0;
  });
}

// By way of a std::function.
__attribute__((noinline)) void hot_b(const std::function<void(long)>& work) {
  work(3 * steps_of_a_turn);
  asm volatile("");  // keeps the call from being a jump
}

static void run_until(std::chrono::steady_clock::time_point end) {
  std::function<void(long)> work = [](long steps) {
    spin(steps);
    asm volatile("");
  };
  while (std::chrono::steady_clock::now() < end) {
    hot_a();
    hot_b(work);
  }
}

int main(int count, char** arguments) {
  if (count < 2) return 2;
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(arguments[1]));
  int threads = count > 2 ? std::atoi(arguments[2]) : 1;
  std::puts("ready");
  std::fflush(stdout);
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(run_until, end);
  run_until(end);
  for (std::thread& other : others) other.join();
}
