#include "jvm/chunk_program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "bpf/stack_chunks.skel.h"
#include "jvm/chunk_walker.h"
#include "kernel/bpf_support.h"

namespace rtprof::jvm {

void ChunkProgram::Deleter::operator()(stack_chunks* skeleton) const {
  stack_chunks__destroy(skeleton);
}

ChunkProgram::ChunkProgram(pid_t pid, std::shared_ptr<Continuations> continuations)
    : pid_(pid), continuations_(std::move(continuations)) {}
ChunkProgram::~ChunkProgram() = default;

// Where nothing is carried, nobody needs to be told.
Failure ChunkProgram::failure(const Failure& cause) const {
  if (!continuations_->has_carriers()) return {"", cause.error};
  return {"virtual threads lack callers that are in the heap, and their names: " + cause.message,
          cause.error};
}

Result<native::SampleProgram::PerfProgram> ChunkProgram::for_perf() {
  kernel::silence_libbpf();
  skeleton_.reset(stack_chunks__open());
  if (!skeleton_) return failure(kernel::bpf_load_failure(errno));
  kernel::NamespaceFile own = kernel::own_namespace_file();
  skeleton_->rodata->own_namespace_device = own.device;
  skeleton_->rodata->own_namespace_inode = own.inode;
  auto& maps = skeleton_->maps;
  auto cpus = static_cast<uint32_t>(std::max(libbpf_num_possible_cpus(), 1));
  bpf_map__set_max_entries(maps.scratches, cpus);
  bpf_map__set_max_entries(maps.output, cpus);
  bpf_map__set_max_entries(maps.chunk_settings, 1);
  if (int error = stack_chunks__load(skeleton_.get())) return failure(kernel::bpf_load_failure(-error));
  tables_.emplace(pid_, continuations_, bpf_map__fd(maps.chunk_settings), bpf_map__fd(maps.java_threads));
  tables_->update();
  return PerfProgram{bpf_program__fd(skeleton_->progs.copy_chunks), bpf_map__fd(maps.output)};
}

Result<const kernel::Walker*> ChunkProgram::for_snapshots(kernel::BpfSampler& sampler) {
  auto walker = sampler.walker("jvm", ChunkWalker::load);
  if (!walker) return failure(walker.failure());
  auto* chunks = static_cast<ChunkWalker*>(*walker);
  tables_.emplace(pid_, continuations_, chunks->settings_map(), chunks->threads_map());
  tables_->update();
  return chunks;
}

void ChunkProgram::update() {
  if (tables_) tables_->update();
}

}  // namespace rtprof::jvm
