// usage: reasons SECONDS
// Threads that wait over and over, each for one thing and some 20 ms at a time, named REASON/CALL.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

static constexpr int kMilliseconds = 20;
static constexpr size_t kPage = 4096;
static constexpr size_t kFileBytes = 4 << 20;
static constexpr size_t kStride = 128 << 10;  // further than the kernel reads ahead
static std::chrono::steady_clock::time_point end;

static int check(int result) {
  if (result < 0) {
    std::perror("reasons");
    std::abort();
  }
  return result;
}

static int quiet_socket() {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
  return ends[0];
}

static void wait_for(const char* name, std::function<void()> wait) {
  std::thread([=] {
    pthread_setname_np(pthread_self(), name);
    while (std::chrono::steady_clock::now() < end) wait();
  }).detach();
}

// On a disk: /var/tmp outlives a reboot, /tmp may be in memory.
static int cold_file() {
  char path[] = "/var/tmp/rtprof-reasons.XXXXXX";
  int file = check(mkstemp(path));
  unlink(path);
  std::vector<char> bytes(kFileBytes, 'x');
  if (write(file, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
  check(fsync(file));
  posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM);
  return file;
}

static void wait_for_files() {
  int file = cold_file();
  wait_for("disk/pread", [file] {
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    char byte;
    for (size_t at = 0; at < kFileBytes; at += kStride) check(static_cast<int>(pread(file, &byte, 1, at)));
  });
  int mapped = cold_file();
  auto* memory = static_cast<volatile char*>(mmap(nullptr, kFileBytes, PROT_READ, MAP_SHARED, mapped, 0));
  wait_for("fault/touch", [mapped, memory] {
    madvise(const_cast<char*>(memory), kFileBytes, MADV_DONTNEED);
    posix_fadvise(mapped, 0, 0, POSIX_FADV_DONTNEED);
    for (size_t at = 0; at < kFileBytes; at += kStride) (void)memory[at];
  });
}

static void wait_for_sockets() {
  static pollfd polled{quiet_socket(), POLLIN, 0};
  wait_for("network/poll", [] { poll(&polled, 1, kMilliseconds); });
  int selected = quiet_socket();
  wait_for("network/select", [selected] {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(selected, &set);
    timeval timeout{0, kMilliseconds * 1000};
    select(selected + 1, &set, nullptr, nullptr, &timeout);
  });
  int epoll = check(epoll_create1(0));
  epoll_event interest{};
  interest.events = EPOLLIN;
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, quiet_socket(), &interest));
  wait_for("network/epoll", [epoll] {
    epoll_event event;
    epoll_wait(epoll, &event, 1, kMilliseconds);
  });
}

static void compete_for_a_cpu() {
  static cpu_set_t one;
  check(sched_getaffinity(0, sizeof one, &one));
  int last = CPU_SETSIZE - 1;
  while (!CPU_ISSET(last, &one)) --last;
  CPU_ZERO(&one);
  CPU_SET(last, &one);
  for (const char* name : {"preempted/one", "preempted/two"}) {
    wait_for(name, [] {
      check(sched_setaffinity(0, sizeof one, &one));
      while (std::chrono::steady_clock::now() < end) continue;
    });
  }
}

int main(int, char** arguments) {
  end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(arguments[1]));
  pthread_setname_np(pthread_self(), "sleep/usleep");
  wait_for("sleep/poll", [] { poll(nullptr, 0, kMilliseconds); });
  wait_for("lock/condition", [] {
    static std::mutex mutex;
    static std::condition_variable condition;
    std::unique_lock lock(mutex);
    condition.wait_for(lock, kMilliseconds * 1ms);
  });
  static int ends[2];
  check(pipe(ends));
  wait_for("pipe/read", [] {
    char byte;
    check(static_cast<int>(read(ends[0], &byte, 1)));
  });
  wait_for("child/waitpid", [] {
    pid_t child = check(fork());
    if (child == 0) {
      usleep(kMilliseconds * 1000);
      _exit(0);
    }
    check(waitpid(child, nullptr, 0));
  });
  wait_for("other/sigwait", [] {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    timespec timeout{0, kMilliseconds * 1000 * 1000};
    sigtimedwait(&set, nullptr, &timeout);
  });
  wait_for_sockets();
  wait_for_files();
  compete_for_a_cpu();
  std::puts("ready");
  std::fflush(stdout);
  while (std::chrono::steady_clock::now() < end) {
    usleep(kMilliseconds * 1000);
    check(static_cast<int>(write(ends[1], "x", 1)));
  }
}
