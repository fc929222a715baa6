#include "kernel/thread_registers.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "common/base/fd.h"
#include "kernel/bpf_support.h"
#include "kernel/thread_registers_record.h"
// After the record, whose types it uses.
#include "bpf/thread_registers.skel.h"

namespace rtprof::kernel {

static_assert(sizeof(rt_thread_registers::values) == sizeof(Registers::values));

void ThreadRegisters::Deleter::operator()(thread_registers* skeleton) const {
  thread_registers__destroy(skeleton);
}

ThreadRegisters::ThreadRegisters() = default;
ThreadRegisters::ThreadRegisters(ThreadRegisters&&) noexcept = default;
ThreadRegisters& ThreadRegisters::operator=(ThreadRegisters&&) noexcept = default;
ThreadRegisters::~ThreadRegisters() = default;

Result<ThreadRegisters> ThreadRegisters::open() {
  if (auto ready = prepare_bpf(); !ready) return ready.failure();
  ThreadRegisters opened;
  opened.skeleton_.reset(thread_registers__open());
  if (!opened.skeleton_) return bpf_load_failure(errno);
  opened.skeleton_->rodata->own_pid_namespace = own_pid_namespace();
  if (int error = thread_registers__load(opened.skeleton_.get())) return bpf_load_failure(-error);
  opened.skeleton_->links.tell_registers = bpf_program__attach(opened.skeleton_->progs.tell_registers);
  if (opened.skeleton_->links.tell_registers == nullptr) return bpf_load_failure(errno);
  return opened;
}

std::map<pid_t, ThreadRegisters::Saved> ThreadRegisters::read(pid_t pid) {
  skeleton_->bss->wanted_tgid = static_cast<uint32_t>(pid);
  std::map<pid_t, Saved> threads;
  UniqueFd iterator(bpf_iter_create(bpf_link__fd(skeleton_->links.tell_registers)));
  if (!iterator.valid()) return threads;
  std::string bytes;
  std::array<char, 16384> part;
  for (ssize_t got; (got = ::read(iterator.get(), part.data(), part.size())) > 0;)
    bytes.append(part.data(), static_cast<size_t>(got));
  for (size_t at = 0; at + sizeof(rt_thread_registers) <= bytes.size(); at += sizeof(rt_thread_registers)) {
    rt_thread_registers record;
    std::memcpy(&record, bytes.data() + at, sizeof record);
    Saved& saved = threads[static_cast<pid_t>(record.tid)];
    std::memcpy(saved.registers.values.data(), record.values, sizeof record.values);
    saved.system_call = static_cast<int64_t>(record.system_call);
  }
  return threads;
}

}  // namespace rtprof::kernel
