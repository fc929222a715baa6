#pragma once

#include <jni.h>

#include <atomic>

namespace rtprof::agents::jvm {

// Puts a function of ours in the place of Unsafe.park, by which threads wait for what java.util.concurrent
// has, and puts HotSpot's own back again.
//
// RegisterNatives() does both. HotSpot's own is got by letting it register its functions at a table of ours.
// From JDK 16 on HotSpot warns of who replaces functions of its modules, but for callers that are of the boot
// loader and Java: so there is a class for it (NativeSetter.java), which stays in the JVM.
class ParkHook {
 public:
  // Called instead of park: has to call original() once.
  using Function = void (*)(void* self, JNIEnv* jni, jobject unsafe, jboolean is_absolute, jlong time);

  // On an attached thread. False where it cannot be, and nothing is changed then.
  bool set(JNIEnv* jni, Function function, void* self);
  // On an attached thread. Threads that are in the function stay there until they go on.
  void reset(JNIEnv* jni);

  void original(JNIEnv* jni, jobject unsafe, jboolean is_absolute, jlong time) const {
    original_(jni, unsafe, is_absolute, time);
  }

 private:
  using Park = void(JNICALL*)(JNIEnv*, jobject, jboolean, jlong);
  static void JNICALL park(JNIEnv* jni, jobject unsafe, jboolean is_absolute, jlong time);
  bool find_original(JNIEnv* jni);
  bool find_setter(JNIEnv* jni);
  bool put(JNIEnv* jni, Park function);

  Park original_ = nullptr;  // once known, for good
  jclass unsafe_ = nullptr, setter_ = nullptr;
  jmethodID set_ = nullptr;
  std::atomic<Function> function_ = nullptr;
  void* self_ = nullptr;
  bool is_set_ = false;
};

}  // namespace rtprof::agents::jvm
