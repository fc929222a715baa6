#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "common/process/credentials.h"

namespace rtprof {

// Why something is not permitted, and the exact way out.
struct Denial {
  std::string reason;  // a phrase: "it belongs to user root, and rtprof runs as nobody"
  std::string fix;
};

// Whether the memory of a process is open to us: the one check behind every mechanism. True when it is gone.
bool memory_permitted(pid_t pid);

// Why it is not; nothing when it is.
std::optional<Denial> memory_denial(pid_t pid);

// The process that traces a process and stays attached to it; 0 for none. Profilers that pause threads,
// rtprof is one, are attached for moments, which do not count.
pid_t lasting_tracer(pid_t pid);

// Why nothing can be traced from here, whatever it is: a filter on our own system calls.
std::optional<Denial> ptrace_denial();

// Why threads of a process cannot be paused: its memory is closed, somebody else traces it, or nothing can be
// traced.
std::optional<Denial> pause_denial(pid_t pid);

// Whether this program runs inside a container: in a pid namespace that is not the machine's first.
bool in_container();

// What the kernel looks at when one process wants to read another: ptrace_may_access() (kernel/ptrace.c), the
// capability check (security/commoncap.c) and Yama (Documentation/admin-guide/LSM/Yama.rst).
struct AccessFacts {
  Credentials ours;
  Credentials target;
  bool same_user_namespace = true;
  bool target_dumpable = true;  // prctl(PR_SET_DUMPABLE)
  bool target_is_descendant = false;
  std::optional<int> yama_scope;    // nothing where the kernel has no Yama
  bool own_memory_readable = true;  // false: a seccomp filter forbids process_vm_readv altogether
  bool in_container = false;
};

AccessFacts gather_access_facts(pid_t pid);

// The first of the kernel's checks that fails; a security module when none of those known here does.
Denial explain_denial(const AccessFacts& facts);

}  // namespace rtprof
