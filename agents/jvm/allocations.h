#pragma once

#include <jni.h>
#include <jvmti.h>

#include <atomic>
#include <cstdint>

#include "agents/jvm/carried.h"
#include "agents/jvm/protocol.h"
#include "agents/ring_writer.h"

namespace rtprof::agents::jvm {

// Samples allocations of one JVM by JVMTI's SampledObjectAlloc (JDK 11 and newer), each with the stack of the
// thread that allocates: the bytes from its last Java frame on, as they are. Who the callers are rtprof finds
// out from outside, so no jmethodID is asked for, and nothing can be resolved too late.
//
// One at a time: JVMTI grants the capability once.
class Allocations {
 public:
  // On a thread that is attached to the JVM. Takes the ring's descriptors in any case.
  Answer start(JavaVM* vm, JNIEnv* jni, const Start& wanted, int memory, int event);
  // On any thread, while it samples.
  void know(const rt_chunk_settings& chunks) { carried_.know(chunks); }
  // On any thread: from here on nothing is recorded, and the ring is not touched.
  void end_recording();
  // On an attached thread, afterwards: the JVM samples no more, and the capability is free again.
  void stop_sampling();

 private:
  static void JNICALL on_sample(jvmtiEnv* jvmti, JNIEnv* jni, jthread thread, jobject object, jclass type,
                                jlong bytes);
  void record(JNIEnv* jni, const char* name, jlong bytes);
  Answer enable(JNIEnv* jni, const Start& wanted);

  jvmtiEnv* jvmti_ = nullptr;
  RingWriter ring_;
  Carried carried_;
  ThreadOffsets offsets_;
  uintptr_t jni_in_thread_ = 0;  // where in a JavaThread its JNIEnv is
  std::atomic<bool> runs_ = false;
  std::atomic<int> writing_ = 0;  // threads that may touch the ring
};

}  // namespace rtprof::agents::jvm
