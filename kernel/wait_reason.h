#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "common/profile/event.h"
#include "kernel/record.h"

// What a thread waits for, told from where in the kernel it waits.
//
// Two things are known of a wait. The functions of the kernel on its stack say exactly what it is, but their
// names need /proc/kallsyms to be readable, and change with versions and compilers: a static function may be
// inlined into its caller. The system call and the kind of file it is about are the kernel's interface: they
// never change and are never hidden, but a call may wait for several things (a read that faults on its own
// buffer). So the functions decide where one of them has a rule, the one nearest to the leaf first, and the
// call decides where none has. Both are tables, since what there is to know is which names exist.
namespace rtprof::kernel {

// What a function or a system call tells of a wait in it.
enum class Waits : uint8_t {
  kForLock,
  kForTime,
  kForDisk,
  kForNetwork,
  kForPipe,
  kForChild,
  kForPage,
  kForCpu,  // sched_yield
  kForOther,
  kForFile,    // whatever the file of the call's first argument is
  kForPolled,  // any of the files that poll or select were given
  kForEpoll,   // any of the files that the epoll of the call's first argument watches
};

// Of the functions on a stack of the kernel; nothing when none has a rule.
std::optional<Waits> waits_of_functions(std::span<const std::string_view> leaf_first);

// Of a system call of x86-64. Calls without a rule wait for something else: kForOther.
Waits waits_of_syscall(uint32_t number);

// What a file of that kind (RT_FILE_KIND) makes threads wait for that read or write it.
Reason reason_of_file(uint32_t kind);
// What a thread waits for that waits for any of several files: a socket if there is one, since an event loop
// has its pipe or eventfd to be woken by beside its sockets. For time when there is no file at all.
Reason reason_of_polled(uint32_t kinds);

// Kinds of the files that an epoll watches; nothing when that cannot be told.
using EpollKinds = std::function<std::optional<uint32_t>(uint32_t descriptor)>;

// Of a thread that gave its CPU up to wait. `functions` is what waits_of_functions() told of its stack.
Reason reason_of_wait(const rt_wait_site& site, std::optional<Waits> functions,
                      const EpollKinds& epoll_kinds);

}  // namespace rtprof::kernel
