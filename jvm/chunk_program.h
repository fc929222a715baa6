#pragma once

#include <sys/types.h>

#include <memory>
#include <unordered_map>

#include "jvm/continuations.h"
#include "native/sample_program.h"

struct stack_chunks;

namespace rtprof::jvm {

// Copies the frames of virtual threads that are in the heap: StackChunks.
class ChunkProgram final : public native::SampleProgram {
 public:
  explicit ChunkProgram(std::shared_ptr<Continuations> continuations);
  ~ChunkProgram() override;
  ChunkProgram(const ChunkProgram&) = delete;
  ChunkProgram& operator=(const ChunkProgram&) = delete;

  Result<bool> load() override;
  int program() const override;
  int output() const override;
  void update(TimePoint now) override;

 private:
  struct Deleter {
    void operator()(stack_chunks* skeleton) const;
  };

  void tell_threads();

  std::shared_ptr<Continuations> continuations_;
  std::unique_ptr<stack_chunks, Deleter> skeleton_;
  std::unordered_map<pid_t, Address> told_;
  bool is_ready_ = false;
  TimePoint next_look_ = 0;
};

}  // namespace rtprof::jvm
