#include "jvm/chunk_program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "bpf/stack_chunks.skel.h"
#include "common/base/error.h"
#include "kernel/bpf_support.h"

namespace rtprof::jvm {
namespace {

// Looking for a virtual thread that is carried may take this share of the time.
constexpr Nanoseconds kLookingShare = 100;
constexpr Nanoseconds kShortestWait = 5 * kMillisecond;
// Where there are carriers, but none carries anything right now.
constexpr int kMostTries = 20;
constexpr auto kBetweenTries = std::chrono::microseconds(500);

}  // namespace

void ChunkProgram::Deleter::operator()(stack_chunks* skeleton) const {
  stack_chunks__destroy(skeleton);
}

ChunkProgram::ChunkProgram(std::shared_ptr<Continuations> continuations)
    : continuations_(std::move(continuations)) {}
ChunkProgram::~ChunkProgram() = default;

Result<bool> ChunkProgram::load() {
  kernel::silence_libbpf();
  skeleton_.reset(stack_chunks__open());
  if (!skeleton_) return kernel::bpf_load_failure(errno);
  kernel::NamespaceFile own = kernel::own_namespace_file();
  skeleton_->rodata->own_namespace_device = own.device;
  skeleton_->rodata->own_namespace_inode = own.inode;
  auto cpus = static_cast<uint32_t>(std::max(libbpf_num_possible_cpus(), 1));
  bpf_map__set_max_entries(skeleton_->maps.scratches, cpus);
  bpf_map__set_max_entries(skeleton_->maps.output, cpus);
  if (int error = stack_chunks__load(skeleton_.get())) {
    skeleton_.reset();
    return kernel::bpf_load_failure(-error);
  }
  update(monotonic_now());
  // So that the first samples have them, too.
  for (int i = 0; i < kMostTries && !is_ready_ && (i > 0 || continuations_->has_carriers()); ++i) {
    std::this_thread::sleep_for(kBetweenTries);
    next_look_ = 0;
    update(monotonic_now());
  }
  return true;
}

int ChunkProgram::program() const {
  return bpf_program__fd(skeleton_->progs.copy_chunks);
}

int ChunkProgram::output() const {
  return bpf_map__fd(skeleton_->maps.output);
}

void ChunkProgram::update(TimePoint now) {
  if (!skeleton_) return;
  tell_threads();
  if (is_ready_ || now < next_look_) return;
  if (!continuations_->learn()) {
    TimePoint end = monotonic_now();
    next_look_ = end + std::max(kLookingShare * (end - now), kShortestWait);
    return;
  }
  uint32_t first = 0;
  bpf_map_update_elem(bpf_map__fd(skeleton_->maps.settings), &first, continuations_->settings(), BPF_ANY);
  is_ready_ = true;
}

void ChunkProgram::tell_threads() {
  auto threads = continuations_->changed_threads();
  if (!threads) return;
  int map = bpf_map__fd(skeleton_->maps.java_threads);
  for (const auto& [tid, address] : told_) {
    auto key = static_cast<uint32_t>(tid);
    if (!threads->contains(tid)) bpf_map_delete_elem(map, &key);
  }
  for (const auto& [tid, address] : *threads) {
    auto key = static_cast<uint32_t>(tid);
    auto told = told_.find(tid);
    if (told == told_.end() || told->second != address) bpf_map_update_elem(map, &key, &address, BPF_ANY);
  }
  told_ = std::move(*threads);
}

}  // namespace rtprof::jvm
