#include "kernel/perf_event.h"

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "common/base/error.h"
#include "common/base/file.h"

namespace rtprof::kernel {
namespace {

// Far above any machine; a list that names more is not one.
constexpr int kMaxCpus = 65536;

}  // namespace

Result<UniqueFd> open_perf_event(perf_event_attr attributes, pid_t tid, int cpu) {
  UniqueFd fd(
      static_cast<int>(::syscall(SYS_perf_event_open, &attributes, tid, cpu, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!fd.valid()) return Failure{"perf_event_open: " + errno_text(errno), errno};
  return fd;
}

Result<bool> redirect_perf_event(int event_fd, int ring_fd) {
  if (::ioctl(event_fd, PERF_EVENT_IOC_SET_OUTPUT, ring_fd) != 0) {
    return Failure{"giving a perf event its ring: " + errno_text(errno), errno};
  }
  return true;
}

Result<bool> attach_perf_program(int event_fd, int program_fd) {
  if (::ioctl(event_fd, PERF_EVENT_IOC_SET_BPF, program_fd) != 0) {
    return Failure{"attaching a BPF program to a perf event: " + errno_text(errno), errno};
  }
  return true;
}

void enable_perf_event(int event_fd) {
  ::ioctl(event_fd, PERF_EVENT_IOC_ENABLE, 0);
}

std::vector<int> parse_cpu_list(std::string_view text) {
  std::vector<int> cpus;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at != end) {
    int first = 0;
    auto parsed = std::from_chars(at, end, first);
    if (parsed.ec != std::errc()) break;
    int last = first;
    at = parsed.ptr;
    if (at != end && *at == '-') {
      parsed = std::from_chars(at + 1, end, last);
      if (parsed.ec != std::errc()) break;
      at = parsed.ptr;
    }
    if (first < 0 || last >= kMaxCpus) break;
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
    if (at == end || *at != ',') break;
    ++at;
  }
  return cpus;
}

std::vector<int> online_cpus() {
  auto text = read_file("/sys/devices/system/cpu/online");
  std::vector<int> cpus = text ? parse_cpu_list(*text) : std::vector<int>();
  if (!cpus.empty()) return cpus;
  // No sysfs in this container.
  long count = ::sysconf(_SC_NPROCESSORS_ONLN);
  for (int cpu = 0; cpu < count; ++cpu) cpus.push_back(cpu);
  return cpus;
}

}  // namespace rtprof::kernel
