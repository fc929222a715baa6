#pragma once

#include <jni.h>

namespace rtprof::agents::jvm {

// A class by its name as JNI has it, which stays valid until DeleteGlobalRef(); null where there is none.
inline jclass kept_class(JNIEnv* jni, const char* name) {
  jclass found = jni->FindClass(name);
  jni->ExceptionClear();
  if (found == nullptr) return nullptr;
  auto kept = static_cast<jclass>(jni->NewGlobalRef(found));
  jni->DeleteLocalRef(found);
  return kept;
}

}  // namespace rtprof::agents::jvm
