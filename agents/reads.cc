#include "agents/reads.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace rtprof::agents {
namespace {

// A mounted /proc may be of another pid namespace, where our ids are other threads'.
bool is_own_proc() {
  char target[16] = {}, own[16];
  std::snprintf(own, sizeof own, "%d", ::getpid());
  return ::readlink("/proc/self", target, sizeof target - 1) > 0 && std::strcmp(target, own) == 0;
}

}  // namespace

bool Reads::send_found(const Channel& channel, uint32_t number) {
  found_.number = number;
  found_.header = {.type = MessageType::kBytes};
  found_.header.size = static_cast<uint32_t>(offsetof(Bytes, bytes)) + found_.size;
  return channel.send(&found_, found_.header.size);
}

bool Reads::answer(const Channel& channel, const Read& read, const OwnMemory& memory) {
  found_.ranges = found_.size = 0;
  for (; found_.ranges < read.count; ++found_.ranges) {
    const ReadRange& range = read.ranges[found_.ranges];
    if (copy(found_.bytes + found_.size, range.address, range.size, memory) < range.size) break;
    found_.size += static_cast<uint32_t>(range.size);
  }
  return send_found(channel, read.number);
}

bool Reads::answer(const Channel& channel, const ReadPlace& read) {
  found_.ranges = found_.size = 0;
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/syscall", read.tid);
  int file = is_own_proc() ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
  ssize_t got = file < 0 ? -1 : ::read(file, found_.bytes, sizeof found_.bytes);
  if (file >= 0) ::close(file);
  if (got > 0) {
    found_.ranges = 1;
    found_.size = static_cast<uint32_t>(got);
  }
  return send_found(channel, read.number);
}

// Another thread may give back the memory at any time: it is copied by the kernel.
size_t Reads::copy(void* to, uintptr_t from, size_t size, const OwnMemory& memory) {
  return memory.is_filtered() ? copy_by_pipe(static_cast<uint8_t*>(to), from, size)
                              : memory.copy(to, from, size);
}

// By calls that every program makes. A pipe takes 64 KiB, more than is read at once (pipe(7)).
size_t Reads::copy_by_pipe(uint8_t* to, uintptr_t from, size_t size) {
  if (pipe_[0] < 0 && ::pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) return 0;
  size_t done = 0;
  while (done < size) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): where it is
    ssize_t put = ::write(pipe_[1], reinterpret_cast<const void*>(from + done), size - done);
    if (put <= 0) break;
    for (ssize_t taken = 0; taken < put;) {
      ssize_t got = ::read(pipe_[0], to + done, static_cast<size_t>(put - taken));
      if (got <= 0) return done;
      taken += got;
      done += static_cast<size_t>(got);
    }
  }
  return done;
}

void Reads::close() {
  for (int& end : pipe_) {
    if (end >= 0) ::close(end);
    end = -1;
  }
}

}  // namespace rtprof::agents
