#include "jvm/chunk_tables.h"

#include <bpf/bpf.h>

#include <utility>

namespace rtprof::jvm {

ChunkTables::ChunkTables(pid_t pid, std::shared_ptr<Continuations> continuations, int settings, int threads)
    : pid_(static_cast<uint32_t>(pid)),
      continuations_(std::move(continuations)),
      settings_map_(settings),
      threads_map_(threads) {}

ChunkTables::~ChunkTables() {
  bpf_map_delete_elem(settings_map_, &pid_);
  for (const auto& [tid, address] : told_) bpf_map_delete_elem(threads_map_, &tid);
}

void ChunkTables::update() {
  if (version_ != continuations_->version()) tell_threads();
  if (has_settings_ || continuations_->settings() == nullptr) return;
  bpf_map_update_elem(settings_map_, &pid_, continuations_->settings(), BPF_ANY);
  has_settings_ = true;
}

// What the map has no room for is told again when threads have gone.
void ChunkTables::tell_threads() {
  const auto& threads = continuations_->threads();
  version_ = continuations_->version();
  std::erase_if(told_, [&](const auto& thread) {
    bool has_ended = !threads.contains(thread.first);
    if (has_ended) bpf_map_delete_elem(threads_map_, &thread.first);
    return has_ended;
  });
  for (const auto& [tid, address] : threads) {
    auto told = told_.find(tid);
    bool is_told = told != told_.end() && told->second == address;
    if (!is_told && bpf_map_update_elem(threads_map_, &tid, &address, BPF_ANY) == 0) told_[tid] = address;
  }
}

}  // namespace rtprof::jvm
