#include "agents/jvm/park_hook.h"

#include <cstring>

#include "agents/jvm/kept_class.h"

// RTPROF_NATIVE_SETTER: the path of the class that the build has made.
asm(".section .rodata\n"
    "rtprof_native_setter_begin:\n"
    ".incbin \"" RTPROF_NATIVE_SETTER
    "\"\n"
    "rtprof_native_setter_end:\n"
    ".previous\n");

extern "C" {
__attribute__((visibility("hidden"))) extern const jbyte rtprof_native_setter_begin[];
__attribute__((visibility("hidden"))) extern const jbyte rtprof_native_setter_end[];
}

namespace rtprof::agents::jvm {
namespace {

constexpr const char* kSetter = "rtprof/NativeSetter";
char park_name[] = "park", park_signature[] = "(ZJ)V";
char set_name[] = "set0", set_signature[] = "(J)V";

// Those that there is one of in a process.
ParkHook* hook = nullptr;
void* found_park = nullptr;
jclass unsafe_class = nullptr;
bool has_registered = false;

jint JNICALL take_natives(JNIEnv*, jclass, const JNINativeMethod* methods, jint count) {
  for (jint i = 0; i < count; ++i) {
    bool is_park = std::strcmp(methods[i].name, park_name) == 0 &&
                   std::strcmp(methods[i].signature, park_signature) == 0;
    if (is_park) found_park = methods[i].fnPtr;
  }
  return JNI_OK;
}

void JNICALL set_natives(JNIEnv* jni, jclass, jlong function) {
  JNINativeMethod method{park_name, park_signature,
                         reinterpret_cast<void*>(function)};  // NOLINT(performance-no-int-to-ptr)
  has_registered = jni->RegisterNatives(unsafe_class, &method, 1) == JNI_OK;
}

}  // namespace

bool ParkHook::find_original(JNIEnv* jni) {
  if (original_ != nullptr) return true;
  unsafe_ = kept_class(jni, "jdk/internal/misc/Unsafe");
  if (unsafe_ == nullptr) unsafe_ = kept_class(jni, "sun/misc/Unsafe");
  jmethodID register_all =
      unsafe_ == nullptr ? nullptr : jni->GetStaticMethodID(unsafe_, "registerNatives", "()V");
  if (register_all != nullptr) {
    // The thread is our own: nobody else sees its table.
    JNINativeInterface_ table = *jni->functions;
    table.RegisterNatives = take_natives;
    const JNINativeInterface_* before = jni->functions;
    jni->functions = &table;
    jni->CallStaticVoidMethod(unsafe_, register_all);
    jni->functions = before;
  }
  jni->ExceptionClear();
  original_ = reinterpret_cast<Park>(found_park);
  return original_ != nullptr;
}

bool ParkHook::find_setter(JNIEnv* jni) {
  if (set_ != nullptr) return true;
  // One of an agent of another version is as good.
  auto size = static_cast<jsize>(rtprof_native_setter_end - rtprof_native_setter_begin);
  jclass made = jni->DefineClass(kSetter, nullptr, rtprof_native_setter_begin, size);
  jni->ExceptionClear();
  setter_ = made == nullptr ? kept_class(jni, kSetter) : static_cast<jclass>(jni->NewGlobalRef(made));
  jmethodID found = setter_ == nullptr ? nullptr : jni->GetStaticMethodID(setter_, "set", "(J)V");
  jni->ExceptionClear();
  set_ = found;
  return set_ != nullptr;
}

bool ParkHook::put(JNIEnv* jni, Park function) {
  JNINativeMethod method{set_name, set_signature, reinterpret_cast<void*>(set_natives)};
  has_registered = false;
  if (jni->RegisterNatives(setter_, &method, 1) == JNI_OK)
    jni->CallStaticVoidMethod(setter_, set_, reinterpret_cast<jlong>(function));
  jni->ExceptionClear();
  return has_registered;
}

bool ParkHook::set(JNIEnv* jni, Function function, void* self) {
  if (!find_original(jni) || !find_setter(jni)) return false;
  unsafe_class = unsafe_;
  self_ = self;
  function_.store(function);
  hook = this;
  is_set_ = put(jni, park);
  return is_set_;
}

void ParkHook::reset(JNIEnv* jni) {
  // Where that fails it stays, and calls HotSpot's own for as long as nothing is recorded.
  if (is_set_) is_set_ = !put(jni, original_);
}

void JNICALL ParkHook::park(JNIEnv* jni, jobject unsafe, jboolean is_absolute, jlong time) {
  hook->function_.load(std::memory_order_relaxed)(hook->self_, jni, unsafe, is_absolute, time);
}

}  // namespace rtprof::agents::jvm
