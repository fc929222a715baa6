// What unwinders find hard, over and over: callbacks from libraries, exceptions, signal handlers, frames of
// unusual shape, threads. Runs until it is killed.
#include <alloca.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <map>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

volatile uint64_t sink;
volatile sig_atomic_t alarms;

int compare(const void* left, const void* right) {
  return std::strcmp(*static_cast<char* const*>(left), *static_cast<char* const*>(right));
}

void on_alarm(int) {
  alarms = alarms + 1;
  char text[64];
  sink = static_cast<uint64_t>(std::snprintf(text, sizeof text, "%d %f", static_cast<int>(alarms), 1.5));
}

void sort_words() {
  std::vector<std::string> words;
  for (int i = 0; i < 200; ++i) words.push_back(std::to_string(i * 7919 % 1000));
  std::vector<const char*> pointers;
  for (const std::string& word : words) pointers.push_back(word.c_str());
  std::qsort(pointers.data(), pointers.size(), sizeof(char*), compare);
  std::sort(words.begin(), words.end(), [](const auto& left, const auto& right) { return right < left; });
  sink = words[0].size();
}

struct Cleanup {
  ~Cleanup() { sink = static_cast<uint64_t>(std::sqrt(static_cast<double>(alarms) + 2) * 100); }
};

[[gnu::noinline]] void throw_from(int depth) {
  Cleanup cleanup;
  if (depth == 0) throw std::runtime_error("from below");
  throw_from(depth - 1);
}

void throw_and_catch() {
  try {
    throw_from(6);
  } catch (const std::exception& error) {
    sink = std::strlen(error.what());
  }
}

[[gnu::noinline]] void realigned(size_t size) {
  alignas(64) volatile char block[64];
  auto* bytes = static_cast<char*>(alloca(size));
  std::memset(bytes, static_cast<int>(size), size);
  block[0] = bytes[size / 2];
  if (size > 100) realigned(size - 100);
  sink = static_cast<uint64_t>(block[0]);
}

void match() {
  static const std::regex kPattern("(a|b)+c?d");
  for (const char* text : {"ababcd", "abab", "bbbbbbbbbbd"}) sink = std::regex_match(text, kPattern);
}

void ask_the_time() {
  for (int i = 0; i < 50; ++i) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    time_t seconds = now.tv_sec;
    tm broken_down{};
    localtime_r(&seconds, &broken_down);
    sink = static_cast<uint64_t>(broken_down.tm_min);
  }
}

}  // namespace

int main() {
  signal(SIGALRM, on_alarm);
  itimerval period{{0, 3000}, {0, 3000}};
  setitimer(ITIMER_REAL, &period, nullptr);
  std::map<std::string, std::function<void()>> work{
      {"sort", sort_words},
      {"throw", throw_and_catch},
      {"realigned", [] { realigned(1000); }},
      {"match", match},
      {"time", ask_the_time},
      {"thread", [] { std::thread(match).join(); }},
      {"system", [] { sink = static_cast<uint64_t>(getppid()); }},
  };
  for (;;) {
    for (const auto& [name, function] : work) function();
  }
}
