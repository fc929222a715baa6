#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>

#include "jvm/chunk_tables.h"
#include "jvm/continuations.h"
#include "native/sample_program.h"

struct stack_chunks;

namespace rtprof::jvm {

// Attaches the frames of virtual threads that are in the heap to samples of one JVM: StackChunks.
class ChunkProgram final : public native::SampleProgram {
 public:
  ChunkProgram(pid_t pid, std::shared_ptr<Continuations> continuations);
  ~ChunkProgram() override;
  ChunkProgram(const ChunkProgram&) = delete;
  ChunkProgram& operator=(const ChunkProgram&) = delete;

  Result<PerfProgram> for_perf() override;
  Result<const kernel::Walker*> for_snapshots(kernel::BpfSampler& sampler) override;
  void update() override;

 private:
  struct Deleter {
    void operator()(stack_chunks* skeleton) const;
  };

  Failure failure(const Failure& cause) const;

  const pid_t pid_;
  const std::shared_ptr<Continuations> continuations_;
  std::unique_ptr<stack_chunks, Deleter> skeleton_;
  std::optional<ChunkTables> tables_;
};

}  // namespace rtprof::jvm
