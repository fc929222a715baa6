#pragma once

#include <jni.h>

#include <atomic>
#include <cstdint>

#include "agents/jvm/detour.h"
#include "agents/jvm/protocol.h"
#include "agents/jvm/recording.h"
#include "agents/jvm/thread_buffer.h"

namespace rtprof::agents::jvm {

// Samples allocations of a JVM whose JVMTI does not (JDK 8), where HotSpot traces them for its own recorder:
// in AllocTracer, which it calls when a thread gets a new buffer for its objects (TLAB), and for each object
// outside of buffers. So that a buffer ends where a sample is due, its size is drawn when the thread asks for
// it, and that is taken back as soon as it has it.
//
// The JVM stays as it is but for a byte of each of these functions. They are called in HotSpot, on a thread
// that no safepoint finds meanwhile: nothing here calls into the JVM but for GetEnv().
class TracedAllocations {
 public:
  // After start() stop() has to be called, whatever the answer is.
  Answer start(JavaVM* vm, const Start& wanted, Recording& recording);
  // After the recording is closed. On any thread. Nothing where it does not run.
  void stop();

 private:
  struct Entry {
    std::atomic<uintptr_t> thread;  // JavaThread*; 0: free
    ThreadBuffer buffer;
  };
  // A power of two. What threads beyond that allocate is lost, and
  // counted so.
  static constexpr uint32_t kRoom = 1 << 13;
  static constexpr uint32_t kTries = 64;

  static void on_full_buffer(const uint64_t* arguments);
  static void on_new_buffer(const uint64_t* arguments);
  static void on_outside(const uint64_t* arguments);
  void on_full_buffer();
  // `sizes`: those of AllocTracer's arguments.
  void on_allocation(uint64_t type, const uint64_t* sizes, bool is_new_buffer);
  void sample(JNIEnv* jni, uint64_t type, uint64_t bytes, const SamplingAccount::Due& due);
  JNIEnv* current() const;
  Entry* find(uintptr_t thread, bool is_to_be_made);
  Answer enable();

  JavaVM* vm_ = nullptr;
  Recording* recording_ = nullptr;
  AllocationTraces traces_;
  AllocatedBytes allocated_;
  uint64_t interval_ = 1;
  bool runs_ = false;
  Detour full_buffer_, new_buffer_, outside_;
  Entry entries_[kRoom];
};

}  // namespace rtprof::agents::jvm
