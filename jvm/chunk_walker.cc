#include "jvm/chunk_walker.h"

#include <bpf/libbpf.h>

#include <cerrno>

#include "bpf/chunk_walker.skel.h"
#include "common/base/error.h"
#include "kernel/share_maps.h"

namespace rtprof::jvm {

void ChunkWalker::Deleter::operator()(chunk_walker* skeleton) const {
  chunk_walker__destroy(skeleton);
}
ChunkWalker::~ChunkWalker() = default;

Result<std::unique_ptr<kernel::Walker>> ChunkWalker::load(const kernel::SharedMaps& maps) {
  std::unique_ptr<ChunkWalker> walker(new ChunkWalker);
  walker->skeleton_.reset(chunk_walker__open());
  if (!walker->skeleton_) return Failure{"opening the JVM walker: " + errno_text(errno), errno};
  auto& own = walker->skeleton_->maps;
  kernel::share_maps(own, maps);
  bpf_map__set_max_entries(own.scratches, maps.cpus);
  bpf_program__set_autoload(walker->skeleton_->progs.jvm_on_switch, maps.context_switches);
  bpf_program__set_autoload(walker->skeleton_->progs.jvm_on_waking, maps.wakers);
  if (int error = chunk_walker__load(walker->skeleton_.get()))
    return Failure{"loading the JVM walker: " + errno_text(-error), -error};
  return std::unique_ptr<kernel::Walker>(std::move(walker));
}

int ChunkWalker::clock_program() const {
  return bpf_program__fd(skeleton_->progs.jvm_on_clock);
}

int ChunkWalker::switch_program() const {
  return bpf_program__fd(skeleton_->progs.jvm_on_switch);
}

int ChunkWalker::waking_program() const {
  return bpf_program__fd(skeleton_->progs.jvm_on_waking);
}

int ChunkWalker::settings_map() const {
  return bpf_map__fd(skeleton_->maps.chunk_settings);
}

int ChunkWalker::threads_map() const {
  return bpf_map__fd(skeleton_->maps.java_threads);
}

}  // namespace rtprof::jvm
