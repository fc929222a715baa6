#include "kernel/perf_access.h"

#include <fmt/core.h>
#include <sys/resource.h>

#include <cerrno>

#include "common/base/error.h"
#include "common/base/file.h"

namespace rtprof::kernel {
namespace {

// "Seccomp:\t2" of /proc/PID/status: 2 is a filter, 1 is the strict mode, which leaves no process running.
bool has_seccomp_filter() {
  auto status = read_file("/proc/self/status");
  return status && status->find("Seccomp:\t2") != std::string::npos;
}

uint64_t soft_limit(__rlimit_resource resource) {
  rlimit limit{};
  return ::getrlimit(resource, &limit) == 0 ? limit.rlim_cur : 0;
}

// The ways to CAP_PERFMON from where we are.
std::string ways_to_capability(const PerfFacts& facts) {
  if (facts.in_container) {
    return "start rtprof's container with --cap-add PERFMON (Kubernetes: securityContext.capabilities.add: "
           "[PERFMON])";
  }
  if (facts.ours.effective_uid == 0) {
    return "rtprof is root without CAP_PERFMON: run it outside the sandbox that took the capability away";
  }
  return "run it as root: sudo rtprof ..., or give it the capability once: sudo setcap cap_perfmon+ep "
         "\"$(command -v rtprof)\"";
}

// The highest paranoid level that allows the wish to everybody.
int highest_level(PerfWish wish) {
  switch (wish) {
    case PerfWish::kCpus:
      return 0;
    case PerfWish::kKernel:
      return 1;
    default:
      return 2;
  }
}

const char* what_level_forbids(PerfWish wish) {
  switch (wish) {
    case PerfWish::kCpus:
      return "to sample a whole CPU";
    case PerfWish::kKernel:
      return "to sample the kernel";
    default:
      return "perf events altogether";
  }
}

Denial memory_exhausted(const PerfFacts& facts) {
  return {
      fmt::format("the memory for perf records is more than may be locked (kernel.perf_event_mlock_kb is {}, "
                  "the limit of locked memory {} KiB)",
                  facts.mlock_kb, facts.memlock_limit / 1024),
      fmt::format("end other profilers, or allow more until the next boot: sudo sysctl "
                  "kernel.perf_event_mlock_kb={}",
                  (facts.mlock_kb + 4096) / 1024 * 1024 + 4)};
}

Denial not_permitted(const PerfFacts& facts, PerfWish wish, int error) {
  int level = highest_level(wish);
  if (!facts.capable() && facts.paranoid.value_or(0) > level) {
    std::string fix = ways_to_capability(facts);
    // A container sees the machine's setting, but cannot change it.
    if (!facts.in_container) {
      fix += fmt::format(
          ", or allow it to everybody until the next boot: sudo sysctl kernel.perf_event_paranoid={}", level);
    }
    return {fmt::format("kernel.perf_event_paranoid is {}, which forbids {} to those without CAP_PERFMON",
                        *facts.paranoid, what_level_forbids(wish)),
            fix};
  }
  if (facts.seccomp && error != EACCES) {
    return {"a seccomp filter forbids perf events (perf_event_open)",
            "start the container with --cap-add PERFMON or --security-opt seccomp=unconfined (Kubernetes: "
            "securityContext.seccompProfile.type: Unconfined)"};
  }
  if (!facts.capable()) {
    return {"the kernel refuses perf events of this process to those without CAP_PERFMON",
            ways_to_capability(facts)};
  }
  return {"a security module (or the kernel's lockdown) forbids perf events",
          "look for its message: sudo dmesg | grep -iE 'lockdown|denied'"};
}

}  // namespace

PerfFacts gather_perf_facts() {
  PerfFacts facts;
  facts.ours = own_credentials();
  facts.paranoid = read_number("/proc/sys/kernel/perf_event_paranoid");
  facts.seccomp = has_seccomp_filter();
  facts.in_container = in_container();
  facts.mlock_kb = static_cast<uint64_t>(read_number("/proc/sys/kernel/perf_event_mlock_kb").value_or(0));
  facts.memlock_limit = soft_limit(RLIMIT_MEMLOCK);
  facts.file_limit = soft_limit(RLIMIT_NOFILE);
  return facts;
}

Denial explain_perf_denial(const PerfFacts& facts, PerfWish wish, int error) {
  bool refused = error == EPERM || error == EACCES;
  switch (error) {
    case EMFILE:
    case ENFILE:
      return {fmt::format("it takes more descriptors than may be open ({})", facts.file_limit),
              fmt::format("allow more in the shell that starts rtprof: ulimit -n {}",
                          std::max<uint64_t>(facts.file_limit * 4, 4096))};
    case ENOSYS:
      if (facts.seccomp) return not_permitted(facts, wish, error);
      return {"the kernel has no perf events", "use a kernel with CONFIG_PERF_EVENTS"};
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP:
      return {"the processor's counters are not available (a virtual machine without a PMU?)",
              "sample by the kernel's clock instead"};
    default:
      break;
  }
  if (wish == PerfWish::kRings && (error == EPERM || error == ENOMEM)) return memory_exhausted(facts);
  if (refused) return not_permitted(facts, wish, error);
  return {"perf_event_open: " + errno_text(error), "run rtprof doctor, and report it as a bug"};
}

size_t max_callchain() {
  constexpr int kDefault = 127;
  return static_cast<size_t>(read_number("/proc/sys/kernel/perf_event_max_stack").value_or(kDefault));
}

}  // namespace rtprof::kernel
