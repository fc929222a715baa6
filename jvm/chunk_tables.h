#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <unordered_map>

#include "jvm/continuations.h"

namespace rtprof::jvm {

// What BPF programs that copy the frames of virtual threads know of one JVM (jvm/chunks.bpf.h), kept up to
// date while it is profiled and taken away at the end. Lives on one thread.
class ChunkTables {
 public:
  // The maps `chunk_settings` and `java_threads` of a program, which outlive this.
  ChunkTables(pid_t pid, std::shared_ptr<Continuations> continuations, int settings, int threads);
  ~ChunkTables();
  ChunkTables(const ChunkTables&) = delete;
  ChunkTables& operator=(const ChunkTables&) = delete;

  // Tells what has come to be known.
  void update();

 private:
  void tell_threads();

  const uint32_t pid_;
  const std::shared_ptr<Continuations> continuations_;
  const int settings_map_;
  const int threads_map_;
  std::unordered_map<pid_t, Address> told_;
  std::optional<uint64_t> version_;  // of the threads that were told
  bool has_settings_ = false;
};

}  // namespace rtprof::jvm
