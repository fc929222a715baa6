#include "agents/jvm/allocations.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

#include "agents/jvm/allocated.h"
#include "agents/jvm/capabilities.h"
#include "agents/jvm/environment.h"
#include "agents/jvm/refused.h"

namespace rtprof::agents::jvm {
namespace {

// The callback is given no place for data of its own.
Allocations* running = nullptr;

constexpr jint kDefaultInterval = 512 << 10;

}  // namespace

Answer Allocations::start(JavaVM* vm, const Start& wanted, Recording& recording) {
  if (wanted.traces.new_buffer != 0) {
    follows_ = false;
    return traced_.start(vm, wanted, recording);
  }
  jvmti_ = make_environment(vm, JVMTI_VERSION_11);
  if (jvmti_ == nullptr)
    return refused(Refusal::kMissing, "this JVM does not sample allocations for JVMTI: that takes JDK 11");
  recording_ = &recording;
  allocated_ = wanted.allocated;
  follows_ = wanted.follows_objects != 0;
  surveyed_ = collected_.load() - 1;
  if (follows_) followed_.begin(wanted.collections, collected_);
  // The program itself may not be allowed to make one.
  if (follows_ && wanted.is_filtered == 0) event_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return enable(wanted);
}

Answer Allocations::enable(const Start& wanted) {
  jvmtiCapabilities potential{}, capabilities{};
  jvmti_->GetPotentialCapabilities(&potential);
  if (!potential.can_generate_sampled_object_alloc_events)
    return refused(Refusal::kOccupied, "another agent samples the allocations of this JVM");
  capabilities.can_generate_sampled_object_alloc_events = 1;
  capabilities.can_generate_garbage_collection_events = follows_ ? 1 : 0;
  if (supports_virtual_threads(potential)) set_virtual_threads(capabilities);
  if (int error = jvmti_->AddCapabilities(&capabilities))
    return refused(Refusal::kFailed, "allocations cannot be sampled", error);

  jvmtiEventCallbacks callbacks{};
  callbacks.SampledObjectAlloc = on_sample;
  callbacks.GarbageCollectionFinish = on_collected;
  int error = jvmti_->SetEventCallbacks(&callbacks, sizeof callbacks);
  if (error == 0) error = jvmti_->SetHeapSamplingInterval(static_cast<jint>(wanted.allocation_interval));
  running = this;
  if (error == 0 && follows_)
    error = jvmti_->SetEventNotificationMode(JVMTI_ENABLE, JVMTI_EVENT_GARBAGE_COLLECTION_FINISH, nullptr);
  if (error == 0)
    error = jvmti_->SetEventNotificationMode(JVMTI_ENABLE, JVMTI_EVENT_SAMPLED_OBJECT_ALLOC, nullptr);
  return error == 0 ? Answer() : refused(Refusal::kFailed, "allocations cannot be sampled", error);
}

void Allocations::stop_tracing() {
  traced_.stop();
}

void Allocations::stop(JNIEnv* jni) {
  if (jvmti_ == nullptr) return;
  jvmti_->SetEventNotificationMode(JVMTI_DISABLE, JVMTI_EVENT_SAMPLED_OBJECT_ALLOC, nullptr);
  // Of the whole JVM: others may rely on it.
  jvmti_->SetHeapSamplingInterval(kDefaultInterval);
  jvmti_->DisposeEnvironment();
  jvmti_ = nullptr;
  if (follows_) followed_.end(jni);
  follows_ = false;
  if (event_ >= 0) ::close(event_);
  event_ = -1;
}

void Allocations::watch(JNIEnv* jni) {
  uint64_t pauses = 0;
  if (event_ >= 0 && ::read(event_, &pauses, sizeof pauses) == sizeof pauses) followed_.watch(jni);
}

bool Allocations::has_collected() const {
  bool is_due = collected_.load(std::memory_order_relaxed) != surveyed_;
  return follows_ && (is_due || followed_.is_behind() || followed_.is_crowded());
}

void Allocations::survey(JNIEnv* jni) {
  if (!follows_) return;
  surveyed_ = collected_.load();
  followed_.survey(jni, *recording_);
}

// On HotSpot's own thread.
void JNICALL Allocations::on_collected(jvmtiEnv*) {
  int error = errno;
  running->collected_.fetch_add(1, std::memory_order_relaxed);
  {
    // The descriptor may be another one's later.
    Recording::Permission permission(*running->recording_);
    constexpr uint64_t kOne = 1;
    if (permission && running->event_ >= 0) {
      [[maybe_unused]] ssize_t written = ::write(running->event_, &kOne, sizeof kOne);
    }
  }
  errno = error;
}

void JNICALL Allocations::on_sample(jvmtiEnv* jvmti, JNIEnv* jni, jthread, jobject object, jclass type,
                                    jlong bytes) {
  Allocations& self = *running;
  if (!self.recording_->is_open()) return;
  // Native code of the program may have allocated between a call and a look at it.
  int error = errno;
  char* name = nullptr;
  if (jvmti->GetClassSignature(type, &name, nullptr) != JVMTI_ERROR_NONE) name = nullptr;
  {
    Recording::Permission permission(*self.recording_);
    // An event may come late, of an environment that is no more.
    if (permission && jvmti == self.jvmti_) self.record(jni, object, name, bytes);
  }
  if (name != nullptr) jvmti->Deallocate(reinterpret_cast<unsigned char*>(name));
  errno = error;
}

void Allocations::record(JNIEnv* jni, jobject object, const char* name, jlong bytes) {
  Recording::Values values{RecordType::kAllocation, now(), static_cast<uint64_t>(bytes)};
  if (follows_) {
    // In this order: one that begins meanwhile may or may not look at it.
    values.detail = followed_.add(jni, object);
    values.collections = followed_.collections();
  }
  Recording::Thread thread = recording_->current(jni);
  if (allocated_.counted != 0 && thread.address != nullptr) {
    Allocated allocated = allocated_by(thread.address, allocated_);
    values.allocated = allocated.counted + allocated.in_buffer;
  }
  recording_->sample(thread, values, name);
}

}  // namespace rtprof::agents::jvm
