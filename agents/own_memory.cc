#include "agents/own_memory.h"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rtprof::agents {
namespace {

constexpr uintptr_t kPageBytes = 4096;
constexpr size_t kSignalSetBytes = 8;

// The kernel copies the set before it looks at what is to be done with it, which makes no sense
// (sys_rt_sigprocmask, kernel/signal.c): the mask stays as it is. Null it takes for no set.
bool is_readable(uintptr_t address) {
  constexpr int kNothingToDo = -1;
  return address != 0 &&
         (::syscall(SYS_rt_sigprocmask, kNothingToDo, address, nullptr, kSignalSetBytes) == 0 ||
          errno != EFAULT);
}

}  // namespace

size_t OwnMemory::readable(uintptr_t address, size_t size) {
  size_t found = 0;
  while (found < size) {
    uintptr_t at = address + found;
    uintptr_t page_end = (at / kPageBytes + 1) * kPageBytes;
    // Not over the edge of the page.
    uintptr_t probe = at + kSignalSetBytes <= page_end ? at : page_end - kSignalSetBytes;
    if (!is_readable(probe)) break;
    found = page_end - address;
  }
  return found < size ? found : size;
}

size_t OwnMemory::copy(void* to, uintptr_t from, size_t size) const {
  void* source = reinterpret_cast<void*>(from);  // NOLINT(performance-no-int-to-ptr): where a stack is
  if (is_filtered_) {
    std::memcpy(to, source, size);
    return size;
  }
  iovec local{to, size};
  iovec own{source, size};
  long got = ::syscall(SYS_process_vm_readv, ::getpid(), &local, 1, &own, 1, 0);
  return got < 0 ? 0 : static_cast<size_t>(got);
}

}  // namespace rtprof::agents
