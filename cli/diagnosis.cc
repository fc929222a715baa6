#include "cli/diagnosis.h"

#include <fmt/core.h>
#include <linux/perf_event.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "cli/registry.h"
#include "common/base/file.h"
#include "common/process/access.h"
#include "common/process/container.h"
#include "common/process/credentials.h"
#include "kernel/bpf_sampler.h"
#include "kernel/perf_access.h"
#include "kernel/perf_attributes.h"
#include "kernel/perf_event.h"

namespace rtprof::cli {
namespace {

using Mark = Finding::Mark;

constexpr const char* kSamplesByPause = "threads are paused for each sample instead";

Finding kernel_version() {
  constexpr std::pair kNeeded{5, 17};
  utsname name{};
  ::uname(&name);
  std::string release = name.release;
  std::pair<int, int> version{};
  auto [end, error] = std::from_chars(release.data(), release.data() + release.size(), version.first);
  if (error == std::errc() && *end == '.') {
    std::from_chars(end + 1, release.data() + release.size(), version.second);
  }
  if (version >= kNeeded) return {"kernel", Mark::kOk, fmt::format("Linux {}", release), ""};
  return {"kernel", Mark::kLimited,
          fmt::format("Linux {} cannot sample by itself (5.17 can): {}", release, kSamplesByPause),
          "boot Linux 5.17 or newer"};
}

// How to get capabilities from where we are.
std::string capability_fix(std::string_view for_container, std::string_view for_setcap) {
  if (in_container()) {
    return fmt::format("start rtprof's container with {}", for_container);
  }
  if (own_credentials().effective_uid == 0) {
    return "rtprof is root without the capabilities: run it outside the sandbox that took them away";
  }
  return fmt::format("run it as root (sudo rtprof ...), or once: sudo setcap {}+ep \"$(command -v rtprof)\"",
                     for_setcap);
}

Finding bpf_programs(std::string& reason) {
  auto sampler = kernel::BpfSampler::open({.context_switches = true});
  if (sampler) return {"bpf", Mark::kOk, "the sampling programs load and run", ""};
  const Failure& failure = sampler.failure();
  reason = failure.message;
  bool permission = failure.error == EPERM || failure.error == EACCES;
  std::string fix =
      permission ? capability_fix("--cap-add BPF --cap-add PERFMON --cap-add SYS_PTRACE (or --privileged)",
                                  "cap_bpf,cap_perfmon,cap_sys_ptrace")
                 : "a kernel of 5.17 or newer with CONFIG_BPF_SYSCALL and CONFIG_DEBUG_INFO_BTF";
  return {"bpf", Mark::kLimited, fmt::format("{}: {}", failure.message, kSamplesByPause), std::move(fix)};
}

Finding btf() {
  if (::access("/sys/kernel/btf/vmlinux", R_OK) == 0)
    return {"btf", Mark::kOk, "/sys/kernel/btf/vmlinux", ""};
  return {"btf", Mark::kLimited, fmt::format("no /sys/kernel/btf/vmlinux: {}", kSamplesByPause),
          "a kernel with CONFIG_DEBUG_INFO_BTF; in a container, mount /sys"};
}

// errno of opening a CPU clock on a thread (0: ourselves); 0 when it opens.
int clock_error(pid_t tid) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  attributes.disabled = 1;
  attributes.exclude_kernel = 1;
  UniqueFd fd(
      static_cast<int>(::syscall(SYS_perf_event_open, &attributes, tid, -1, -1, PERF_FLAG_FD_CLOEXEC)));
  return fd.valid() ? 0 : errno;
}

Finding perf_events(std::string& reason) {
  auto paranoid = read_number("/proc/sys/kernel/perf_event_paranoid");
  std::string setting = paranoid ? fmt::format("kernel.perf_event_paranoid is {}", *paranoid)
                                 : "the kernel has no perf_event_paranoid";
  int error = clock_error(0);
  if (error == 0) return {"perf", Mark::kOk, fmt::format("perf_event_open works; {}", setting), ""};
  if (reason.empty()) reason = "perf_event_open: " + errno_text(error);
  constexpr int kUsersMayMeasureThemselves = 2;
  bool by_setting = paranoid.value_or(0) > kUsersMayMeasureThemselves;
  std::string fix = by_setting
                        ? "sudo sysctl kernel.perf_event_paranoid=2"
                        : "start the container with --security-opt seccomp=unconfined or --cap-add PERFMON";
  return {"perf", Mark::kLimited,
          fmt::format("perf_event_open: {}; {}: {}", errno_text(error), setting, kSamplesByPause),
          std::move(fix)};
}

// How -e wall and -e offcpu of native programs and JVMs are had.
Finding native_waits(bool bpf) {
  if (bpf) return {"waits", Mark::kOk, "of native programs and JVMs by BPF, with who ended them", ""};
  auto event = kernel::open_perf_event(
      kernel::sampling_attributes({.clock = kernel::PerfClock::kContextSwitches, .context_switches = true}),
      0, -1);
  if (event) {
    return {"waits", Mark::kLimited,
            "of native programs and JVMs by context-switch records: without the moment at which a thread was "
            "woken, and by whom",
            ""};
  }
  Denial denial = kernel::explain_perf_denial(kernel::gather_perf_facts(), kernel::PerfWish::kKernel,
                                              event.failure().error);
  return {"waits", Mark::kLimited,
          fmt::format("of native programs and JVMs by pauses, sampled, and -e offcpu not to be had: {}",
                      denial.reason),
          denial.fix};
}

Finding ptrace_rules() {
  auto scope = read_number("/proc/sys/kernel/yama/ptrace_scope");
  bool capable = own_credentials().has(Capability::kSysPtrace);
  if (!gather_access_facts(::getpid()).own_memory_readable) {
    Denial denial = explain_denial(gather_access_facts(::getpid()));
    return {"ptrace", Mark::kNo, denial.reason, denial.fix};
  }
  if (!scope) return {"ptrace", Mark::kOk, "allowed by user (the kernel has no Yama)", ""};
  std::string setting = fmt::format("kernel.yama.ptrace_scope is {}", *scope);
  constexpr int kForbidden = 3;
  if (*scope == 0 || (capable && *scope < kForbidden)) return {"ptrace", Mark::kOk, setting, ""};
  std::string fix = *scope == kForbidden
                        ? "it cannot be lowered before the next boot: remove it from /etc/sysctl.d and reboot"
                        : "run it as root (sudo rtprof ...), or until the next boot: sudo sysctl "
                          "kernel.yama.ptrace_scope=0";
  return {"ptrace", Mark::kNo, setting + ": other processes cannot be read", std::move(fix)};
}

Finding kernel_symbols() {
  auto symbols = read_file("/proc/kallsyms");
  bool readable = symbols && symbols->find_first_not_of('0') < symbols->find(' ');
  if (readable) return {"symbols", Mark::kOk, "the kernel's functions have names", ""};
  auto restricted = read_number("/proc/sys/kernel/kptr_restrict");
  return {
      "symbols", Mark::kLimited,
      fmt::format("the addresses of the kernel's functions are hidden (kernel.kptr_restrict is {})",
                  restricted.value_or(0)),
      restricted.value_or(0) > 1 ? "sudo sysctl kernel.kptr_restrict=1" : "run it as root (sudo rtprof ...)"};
}

Finding namespaces() {
  if (!in_container())
    return {"namespace", Mark::kOk, "the machine's own: all its processes are visible", ""};
  return {
      "namespace", Mark::kLimited,
      fmt::format("in a container ({}): only its own processes are visible", read_link("/proc/self/ns/pid")),
      "to see the machine: docker run --pid=host, Kubernetes: spec.hostPID: true"};
}

Finding capabilities() {
  constexpr std::array<std::pair<Capability, const char*>, 5> kNames{{{Capability::kSysPtrace, "SYS_PTRACE"},
                                                                      {Capability::kBpf, "BPF"},
                                                                      {Capability::kPerfmon, "PERFMON"},
                                                                      {Capability::kSysAdmin, "SYS_ADMIN"},
                                                                      {Capability::kSyslog, "SYSLOG"}}};
  Credentials ours = own_credentials();
  std::string held;
  std::string missing;
  for (const auto& [capability, name] : kNames) {
    std::string& list = ours.has(capability) ? held : missing;
    list += (list.empty() ? "" : ", ") + std::string(name);
  }
  std::string text = fmt::format("user {}", user_name(ours.effective_uid));
  if (!held.empty()) text += ", with " + held;
  if (!missing.empty()) text += ", without " + missing;
  return {"rights", Mark::kOk, std::move(text), ""};
}

Finding runtime_of(const Process& process, TargetDiagnosis& target) {
  auto match = find_target(process);
  if (match) target.runtime = match->runtime->name;
  target.machine_stacks = match && match->runtime->machine_stacks;
  if (!match || !match->detection.permitted) {
    return {"runtime", Mark::kNo, match ? target.runtime + ", version not known" : "not known", ""};
  }
  target.version = match->detection.version;
  target.tested = match->detection.tested;
  std::string name = runtime_title(target.runtime, target.version);
  if (!match->detection.unsupported.empty()) {
    target.status = ExitCode::kFailed;
    return {"runtime", Mark::kNo, fmt::format("{}: {}", name, match->detection.unsupported),
            match->detection.hint};
  }
  if (target.tested) return {"runtime", Mark::kOk, name, ""};
  return {"runtime", Mark::kLimited, name + " (untested: its layout is known, but no test covers it)", ""};
}

std::string pause_text(std::string_view reason) {
  return fmt::format("pause: exact, a running thread is held for about 30 us a sample ({})", reason);
}

Finding finding_of(std::string_view check, Mark mark, const std::optional<Denial>& denial,
                   const char* allowed) {
  if (!denial) return {check, Mark::kOk, allowed, ""};
  return {check, mark, denial->reason, denial->fix};
}

// Of a process that is recorded without one otherwise.
std::optional<Finding> agent_of(const Process& process) {
  auto match = find_runtime(process);
  if (!match || match->runtime->agent_denial == nullptr) return std::nullopt;
  const char* allowed = match->detection.permitted ? "-e alloc can load one"
                                                   : "one can be loaded, which reads the memory for rtprof";
  return finding_of("agent", Mark::kLimited, match->runtime->agent_denial(process, Event::kAlloc), allowed);
}

std::optional<Finding> recorder_of(const Process& process) {
  auto match = find_runtime(process);
  if (!match || match->runtime->recorder_denial == nullptr) return std::nullopt;
  const char* allowed = match->detection.permitted ? "its own recorder is to be had for -e cpu and -e wall"
                                                   : "a JDK of 17 or newer can record its -e cpu and -e wall";
  return finding_of("recorder", Mark::kLimited, match->runtime->recorder_denial(process), allowed);
}

bool has_agent_of_threads(const Process& process) {
  auto match = find_runtime(process);
  return match && match->runtime->agent_denial != nullptr &&
         !match->runtime->agent_denial(process, Event::kCpu);
}

// Of a process for which neither the kernel nor ptrace permits anything.
Finding last_rung(Finding refusal, const Process& process, const std::optional<Finding>& recorder,
                  TargetDiagnosis& target) {
  if (target.status != ExitCode::kNotPermitted) return refusal;
  bool is_closed = memory_denial(process.pid()).has_value();
  if (has_agent_of_threads(process) && is_closed && clock_error(process.pid()) == 0) {
    target.mechanism = Mechanism::kKernel;
    refusal.text = "kernel: -e cpu, exact, by perf events; an agent is loaded to read the memory";
  } else if (has_agent_of_threads(process)) {
    target.mechanism = Mechanism::kAgent;
    refusal.text = "agent: exact, loaded into the process; the kernel and ptrace permit nothing else";
  } else if (recorder && recorder->mark == Mark::kOk) {
    target.mechanism = Mechanism::kJfr;
    refusal.text = "jfr: -e cpu and -e wall by the JVM's own recorder; all else is refused";
  } else {
    return refusal;
  }
  target.status = ExitCode::kOk;
  refusal.mark = Mark::kLimited;
  for (Finding& before : target.findings) {
    if (before.mark == Mark::kNo) before.mark = Mark::kLimited;
  }
  return refusal;
}

// CPU samples need no BPF, and pauses only where perf is refused.
Finding perf_mechanism(const Process& process, bool pause, TargetDiagnosis& target) {
  if (int error = clock_error(process.pid())) {
    Denial denial =
        kernel::explain_perf_denial(kernel::gather_perf_facts(), kernel::PerfWish::kUserMode, error);
    if (pause) {
      target.mechanism = Mechanism::kPause;
      return {"mechanism", Mark::kLimited, pause_text(denial.reason), denial.fix};
    }
    target.status = ExitCode::kNotPermitted;
    return {"mechanism", Mark::kNo, fmt::format("none: {}", denial.reason), denial.fix};
  }
  target.mechanism = Mechanism::kKernel;
  return {"mechanism", Mark::kOk, "kernel: exact, by perf events; for -e wall and -e offcpu see waits", ""};
}

Finding mechanism_of(const Process& process, const MachineDiagnosis& machine, bool memory, bool pause,
                     TargetDiagnosis& target) {
  if (!memory || target.status != ExitCode::kOk) return {"mechanism", Mark::kNo, "none: see above", ""};
  if (target.machine_stacks) return perf_mechanism(process, pause, target);
  std::string reason = machine.no_kernel_mechanism;
  if (int error = reason.empty() ? clock_error(process.pid()) : 0) {
    reason = "perf_event_open on the process: " + errno_text(error);
  }
  if (reason.empty()) {
    target.mechanism = Mechanism::kKernel;
    return {"mechanism", Mark::kOk, "kernel: exact, a thread is interrupted for about 1 us a sample", ""};
  }
  if (pause) {
    target.mechanism = Mechanism::kPause;
    return {"mechanism", Mark::kLimited, pause_text(reason), ""};
  }
  target.mechanism = Mechanism::kRead;
  return {"mechanism", Mark::kLimited, fmt::format("read: approximate, nothing is paused ({})", reason),
          "ask for it with --nonblocking"};
}

}  // namespace

MachineDiagnosis diagnose_machine() {
  MachineDiagnosis machine;
  std::string& reason = machine.no_kernel_mechanism;
  machine.findings = {kernel_version(), bpf_programs(reason)};
  bool bpf = machine.findings.back().mark == Mark::kOk;
  for (Finding finding : {btf(), perf_events(reason), native_waits(bpf), ptrace_rules(), kernel_symbols(),
                          namespaces(), capabilities()})
    machine.findings.push_back(std::move(finding));
  return machine;
}

TargetDiagnosis diagnose_target(const Process& process, const MachineDiagnosis& machine) {
  TargetDiagnosis target;
  std::string container = container_of(process.pid());
  target.findings.push_back({"process", Mark::kOk,
                             fmt::format("user {}{}", user_name(process.effective_uid()),
                                         container.empty() ? "" : ", container " + container),
                             ""});
  target.findings.push_back(runtime_of(process, target));
  auto memory = memory_denial(process.pid());
  auto pause = pause_denial(process.pid());
  if (memory) target.status = ExitCode::kNotPermitted;
  target.findings.push_back(finding_of("memory", Mark::kNo, memory, "readable"));
  if (!memory) target.findings.push_back(finding_of("pause", Mark::kLimited, pause, "threads can be paused"));
  Finding mechanism = mechanism_of(process, machine, !memory, !pause, target);
  auto agent = agent_of(process);
  auto recorder = recorder_of(process);
  target.findings.push_back(last_rung(std::move(mechanism), process, recorder, target));
  for (const auto& finding : {agent, recorder}) {
    if (finding) target.findings.push_back(*finding);
  }
  return target;
}

}  // namespace rtprof::cli
