#include "kernel/clock_event.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/base/error.h"

namespace rtprof::kernel {

Result<ClockEvent> ClockEvent::open(pid_t tid, Nanoseconds first, int program_fd) {
  return open(tid, -1, first, program_fd);
}

Result<ClockEvent> ClockEvent::open_cpu(int cpu, Nanoseconds first, int program_fd) {
  return open(-1, cpu, first, program_fd);
}

Result<ClockEvent> ClockEvent::open(pid_t tid, int cpu, Nanoseconds first, int program_fd) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  attributes.sample_period = static_cast<uint64_t>(std::max(first, kMinPeriod));
  attributes.disabled = 1;
  UniqueFd fd(
      static_cast<int>(::syscall(SYS_perf_event_open, &attributes, tid, cpu, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!fd.valid()) return Failure{"perf_event_open: " + errno_text(errno), errno};
  if (::ioctl(fd.get(), PERF_EVENT_IOC_SET_BPF, program_fd) != 0) {
    return Failure{"attaching a BPF program to a perf event: " + errno_text(errno), errno};
  }
  if (::ioctl(fd.get(), PERF_EVENT_IOC_ENABLE, 0) != 0) {
    return Failure{"enabling a perf event: " + errno_text(errno), errno};
  }
  return ClockEvent(std::move(fd));
}

void ClockEvent::set_period(Nanoseconds period) {
  auto value = static_cast<uint64_t>(std::max(period, kMinPeriod));
  ::ioctl(fd_.get(), PERF_EVENT_IOC_PERIOD, &value);
}

}  // namespace rtprof::kernel
