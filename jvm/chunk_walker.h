#pragma once

#include <memory>

#include "common/base/result.h"
#include "kernel/bpf_sampler.h"

struct chunk_walker;

namespace rtprof::jvm {

// Attaches the frames of virtual threads that are in the heap to snapshots of machine stacks, of all JVMs of
// a recording: ChunkTables tells it about each.
class ChunkWalker final : public kernel::Walker {
 public:
  static Result<std::unique_ptr<kernel::Walker>> load(const kernel::SharedMaps& maps);
  ~ChunkWalker() override;
  ChunkWalker(const ChunkWalker&) = delete;
  ChunkWalker& operator=(const ChunkWalker&) = delete;

  int clock_program() const override;
  int switch_program() const override;
  int waking_program() const override;

  int settings_map() const;
  int threads_map() const;

 private:
  struct Deleter {
    void operator()(chunk_walker* skeleton) const;
  };

  ChunkWalker() = default;

  std::unique_ptr<chunk_walker, Deleter> skeleton_;
};

}  // namespace rtprof::jvm
