#include "common/process/access.h"

#include <fmt/core.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <climits>
#include <thread>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/process/memory.h"
#include "common/process/procfs.h"

namespace rtprof {
namespace {

// The initial namespace's inode number is fixed: PROC_PID_INIT_INO, include/linux/proc_ns.h.
constexpr ino_t kInitialPidNamespace = 0xEFFFFFFC;

constexpr const char* kRunAsRoot = "run it as root: sudo rtprof ...";
constexpr const char* kContainerCapability =
    "start rtprof's container with --cap-add SYS_PTRACE (Kubernetes: "
    "securityContext.capabilities.add: [SYS_PTRACE])";

// The ways to CAP_SYS_PTRACE from where we are.
std::string ways_to_capability(const AccessFacts& facts) {
  if (facts.in_container) return kContainerCapability;
  if (facts.ours.effective_uid == 0) {
    return "rtprof is root without CAP_SYS_PTRACE: run it outside the sandbox that took the capability away";
  }
  return fmt::format(
      "{}, or give it the capability once: sudo setcap cap_sys_ptrace+ep \"$(command -v rtprof)\"",
      kRunAsRoot);
}

bool same_user(const Credentials& ours, const Credentials& target) {
  auto is_ours = [](uint32_t ours, uint32_t effective, uint32_t saved, uint32_t real) {
    return ours == effective && ours == saved && ours == real;
  };
  return is_ours(ours.real_uid, target.effective_uid, target.saved_uid, target.real_uid) &&
         is_ours(ours.real_gid, target.effective_gid, target.saved_gid, target.real_gid);
}

std::string users_text(const Credentials& ours, const Credentials& target) {
  if (ours.real_uid == target.effective_uid) {
    return fmt::format(
        "it runs with the identity of another user or group (uid {}/{}, gid {}/{}); rtprof runs as {}",
        target.real_uid, target.effective_uid, target.real_gid, target.effective_gid,
        user_name(ours.real_uid));
  }
  return fmt::format("it belongs to user {}; rtprof runs as {}", user_name(target.effective_uid),
                     user_name(ours.real_uid));
}

// A descendant of ours, as Yama means it.
bool is_descendant(pid_t pid) {
  constexpr int kMostGenerations = 64;
  for (int generation = 0; generation < kMostGenerations && pid > 1; ++generation) {
    if (pid == ::getpid()) return true;
    auto stat = read_stat("/proc/" + std::to_string(pid));
    if (!stat) return false;
    pid = stat->parent;
  }
  return false;
}

std::optional<int> yama_scope() {
  auto text = read_file("/proc/sys/kernel/yama/ptrace_scope");
  int scope = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), scope).ec != std::errc()) {
    return std::nullopt;
  }
  return scope;
}

// errno of reading a process's memory, 0 when it may be read. The kernel checks the permission before it
// looks at the address, so one that is never mapped does.
int memory_error(pid_t pid) {
  char byte = 0;
  if (RemoteMemory(pid).read(0, &byte, 1)) return 0;
  return RemoteMemory::last_error() == EFAULT ? 0 : RemoteMemory::last_error();
}

std::optional<Denial> yama_denial(const AccessFacts& facts) {
  bool capable = facts.ours.has(Capability::kSysPtrace);
  switch (facts.yama_scope.value_or(0)) {
    case 0:
      return std::nullopt;
    case 1:
      if (capable || facts.target_is_descendant) return std::nullopt;
      return Denial{"Yama lets a process read its own children only (kernel.yama.ptrace_scope is 1)",
                    fmt::format("{}, or allow it until the next boot: sudo sysctl kernel.yama.ptrace_scope=0",
                                kRunAsRoot)};
    case 2:
      if (capable) return std::nullopt;
      return Denial{"Yama wants CAP_SYS_PTRACE (kernel.yama.ptrace_scope is 2)", ways_to_capability(facts)};
    default:
      return Denial{"Yama forbids it to everybody (kernel.yama.ptrace_scope is 3)",
                    "it cannot be lowered before the next boot: remove it from /etc/sysctl.d and reboot"};
  }
}

}  // namespace

bool in_container() {
  struct stat info {};
  return ::stat("/proc/self/ns/pid", &info) == 0 && info.st_ino != kInitialPidNamespace;
}

AccessFacts gather_access_facts(pid_t pid) {
  AccessFacts facts;
  facts.ours = own_credentials();
  facts.target = read_credentials(pid).value_or(facts.ours);
  std::string directory = "/proc/" + std::to_string(pid);
  std::string namespace_of_target = read_link(directory + "/ns/user");
  facts.same_user_namespace =
      namespace_of_target.empty() || namespace_of_target == read_link("/proc/self/ns/user");
  // The kernel gives /proc/PID to root when the process may not be dumped.
  struct stat info {};
  bool is_its_own = ::stat(directory.c_str(), &info) != 0 || info.st_uid == facts.target.effective_uid;
  facts.target_dumpable = is_its_own;
  facts.target_is_descendant = is_descendant(pid);
  facts.yama_scope = yama_scope();
  facts.own_memory_readable = memory_error(::getpid()) == 0;
  facts.in_container = in_container();
  return facts;
}

Denial explain_denial(const AccessFacts& facts) {
  bool capable = facts.ours.has(Capability::kSysPtrace);
  if (!facts.own_memory_readable) {
    return {"a seccomp filter forbids rtprof to read memory (process_vm_readv)",
            "start the container with --cap-add SYS_PTRACE or --security-opt seccomp=unconfined (Kubernetes: "
            "securityContext.seccompProfile.type: Unconfined)"};
  }
  if (!facts.same_user_namespace && !(capable && !facts.in_container)) {
    return {"it is in another user namespace",
            "run rtprof as root of the machine, outside of containers, or inside the target's own container"};
  }
  if (!capable) {
    if (!same_user(facts.ours, facts.target)) {
      return {users_text(facts.ours, facts.target), ways_to_capability(facts)};
    }
    if ((facts.target.permitted & ~facts.ours.permitted) != 0) {
      return {"it has capabilities that rtprof has not", ways_to_capability(facts)};
    }
    if (!facts.target_dumpable) {
      return {
          "it may not be dumped (it was started with other rights than its user's, or asked for it by prctl)",
          ways_to_capability(facts)};
    }
  }
  if (auto denial = yama_denial(facts)) return *denial;
  return {"a security module of the kernel forbids it (SELinux, AppArmor)",
          "look for the denial in the kernel's log (dmesg); SELinux: sudo setsebool deny_ptrace off; docker: "
          "--security-opt apparmor=unconfined"};
}

bool memory_permitted(pid_t pid) {
  int error = memory_error(pid);
  return error != EPERM && error != EACCES;
}

std::optional<Denial> memory_denial(pid_t pid) {
  if (memory_permitted(pid)) return std::nullopt;
  return explain_denial(gather_access_facts(pid));
}

pid_t lasting_tracer(pid_t pid) {
  constexpr int kLooks = 20;
  constexpr auto kBetween = std::chrono::microseconds(500);
  pid_t tracer = 0;
  for (int look = 0; look < kLooks; ++look) {
    if (look != 0) std::this_thread::sleep_for(kBetween);
    auto status = read_status("/proc/" + std::to_string(pid));
    tracer = status ? status->tracer : 0;
    if (tracer == 0) break;
  }
  return tracer;
}

std::optional<Denial> pause_denial(pid_t pid) {
  if (auto denial = memory_denial(pid)) return denial;
  pid_t by = lasting_tracer(pid);
  if (by == 0) return ptrace_denial();
  auto tracer = read_stat("/proc/" + std::to_string(by));
  return Denial{
      fmt::format("process {} ({}) traces it", by, tracer ? tracer->comm : "not visible from here"),
      "end the other debugger, or use the kernel mechanism or --nonblocking, which need no tracing"};
}

std::optional<Denial> ptrace_denial() {
  // No thread has this id: what is permitted fails with ESRCH.
  if (::ptrace(PTRACE_SEIZE, INT_MAX, nullptr, nullptr) == 0 || errno == ESRCH) return std::nullopt;
  return Denial{"ptrace is forbidden here: " + errno_text(errno),
                "allow ptrace in the container's seccomp profile"};
}

}  // namespace rtprof
