#pragma once

#include <jni.h>
#include <jvmti.h>

#include <atomic>
#include <cstdint>

#include "agents/jvm/park_hook.h"
#include "agents/jvm/protocol.h"
#include "agents/jvm/recording.h"

namespace rtprof::agents::jvm {

// How long threads wait for locks: for monitors by JVMTI's events, for those of java.util.concurrent by a
// hook in Unsafe.park. Where there are more than can be recorded each is recorded with a probability in
// proportion to its length, and says what it stands for.
class Locks {
 public:
  // On a thread that is attached to the JVM.
  Answer start(JavaVM* vm, JNIEnv* jni, const Start& wanted, Recording& recording);
  // Records the waits that go on, up to now; from here on they count anew.
  void flush();
  // On an attached thread, after the recording is closed: the JVM is as it was.
  void stop(JNIEnv* jni);

 private:
  // A wait that goes on. Who changes `state` from kWaiting to kBusy may use the rest.
  struct Wait {
    enum State : uint32_t { kFree, kBusy, kWaiting };
    std::atomic<uint32_t> state = kFree;
    uint64_t since = 0;
    bool is_told = false;      // in part, by a flush
    Recording::Thread thread;  // no address: of a virtual one, which can lose its thread meanwhile
    char* type = nullptr;      // JVMTI's, of the lock
  };
  static constexpr uint32_t kMostWaits = 4096;

  static void JNICALL on_contended_enter(jvmtiEnv* jvmti, JNIEnv* jni, jthread thread, jobject object);
  static void JNICALL on_contended_entered(jvmtiEnv* jvmti, JNIEnv* jni, jthread thread, jobject object);
  static void on_park(void* self, JNIEnv* jni, jobject unsafe, jboolean is_absolute, jlong time);

  Answer enable();
  // All with permission. Null where there is no room.
  Wait* begin(JNIEnv* jni, jobject thread, jobject lock);
  Wait* begin_park(JNIEnv* jni);
  void end(JNIEnv* jni, Wait& wait);
  void end_unknown(JNIEnv* jni, jobject lock);
  void record(const Recording::Thread& thread, const char* type, uint64_t duration, uint64_t until);
  char* type_of(JNIEnv* jni, jobject lock) const;
  bool is_lock(JNIEnv* jni, jobject blocker) const;
  uint64_t stands_for(uint64_t duration, uint64_t time);
  void release(Wait& wait);

  jvmtiEnv* jvmti_ = nullptr;
  Recording* recording_ = nullptr;
  uint64_t threshold_ = 0;
  uint64_t since_ = 0;                      // the recording began
  std::atomic<uint32_t> recording_no_ = 0;  // a thread can be parked through several

  ParkHook hook_;
  jfieldID blocker_ = nullptr;  // Thread.parkBlocker
  jclass synchronizer_ = nullptr, latch_ = nullptr, stamped_ = nullptr, virtual_ = nullptr;

  Wait waits_[kMostWaits];
  Wait no_room_;  // stands for those that found no room there
  std::atomic<uint32_t> next_wait_ = 0;

  // Waits that are shorter than interval_ are recorded with the probability duration / interval_.
  std::atomic<uint64_t> interval_ = 0;
  std::atomic<uint64_t> window_ = 0;    // when it was last changed
  std::atomic<uint32_t> recorded_ = 0;  // since
  std::atomic<uint64_t> draws_ = 0;
};

}  // namespace rtprof::agents::jvm
