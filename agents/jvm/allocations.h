#pragma once

#include <jni.h>
#include <jvmti.h>

#include <cstdint>

#include "agents/jvm/followed_objects.h"
#include "agents/jvm/protocol.h"
#include "agents/jvm/recording.h"
#include "agents/jvm/traced_allocations.h"

namespace rtprof::agents::jvm {

// Samples allocations of one JVM by JVMTI's SampledObjectAlloc (JDK 11 and newer), else where HotSpot traces
// them for its own recorder.
//
// One at a time: JVMTI grants the capability once.
class Allocations {
 public:
  // On a thread that is attached to the JVM.
  Answer start(JavaVM* vm, const Start& wanted, Recording& recording);
  // Whether sampled objects are followed.
  bool follows() const { return follows_; }
  // Becomes readable when a collection, or a pause of one, has ended, after which watch() is to be called on
  // an attached thread, at once; -1: has_collected() tells so.
  int event() const { return event_; }
  void watch(JNIEnv* jni);
  // Whether there is something for survey() to tell.
  bool has_collected() const;
  // On an attached thread: tells which followed objects are gone.
  void survey(JNIEnv* jni);
  // After the recording is closed, in this order. What needs no thread of Java's: HotSpot's code is as it
  // was.
  void stop_tracing();
  // On an attached thread: the JVM samples no more, and the capability is free again.
  void stop(JNIEnv* jni);

 private:
  static void JNICALL on_sample(jvmtiEnv* jvmti, JNIEnv* jni, jthread thread, jobject object, jclass type,
                                jlong bytes);
  static void JNICALL on_collected(jvmtiEnv* jvmti);
  Answer enable(const Start& wanted);
  void record(JNIEnv* jni, jobject object, const char* name, jlong bytes);

  jvmtiEnv* jvmti_ = nullptr;
  Recording* recording_ = nullptr;
  AllocatedBytes allocated_;
  bool follows_ = false;
  TracedAllocations traced_;
  FollowedObjects followed_;
  std::atomic<uint64_t> collected_ = 0;  // collections, or pauses of one, that have ended
  uint64_t surveyed_ = 0;                // of these
  int event_ = -1;
};

}  // namespace rtprof::agents::jvm
