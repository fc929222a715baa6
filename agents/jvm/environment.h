#pragma once

#include <jvmti.h>
#include <unistd.h>

namespace rtprof::agents::jvm {

// A JVMTI environment of our own; null where this JVM has none of that version. One that still starts has
// none for a moment (JVMTI_PHASE_START), which is waited for. On an attached thread.
inline jvmtiEnv* make_environment(JavaVM* vm, jint version) {
  constexpr useconds_t kBetweenTriesUs = 20'000;
  constexpr int kTries = 150;
  jvmtiEnv* made = nullptr;
  jint result = JNI_EDETACHED;
  for (int i = 0; i < kTries && result == JNI_EDETACHED; ++i) {
    if (i != 0) ::usleep(kBetweenTriesUs);
    result = vm->GetEnv(reinterpret_cast<void**>(&made), version);
  }
  return result == JNI_OK ? made : nullptr;
}

}  // namespace rtprof::agents::jvm
