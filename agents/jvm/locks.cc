#include "agents/jvm/locks.h"

#include <cerrno>

#include "agents/jvm/capabilities.h"
#include "agents/jvm/environment.h"
#include "agents/jvm/kept_class.h"
#include "agents/jvm/refused.h"

namespace rtprof::agents::jvm {
namespace {

// The callbacks are given no place for data of their own.
Locks* running = nullptr;

// As many waits as are recorded in a window before it is fewer of them, and how few before it is more again.
constexpr uint64_t kWindowNs = 50'000'000;
constexpr uint32_t kMany = 200, kFew = 50;
constexpr uint64_t kLeastInterval = 16'000;  // ns

// Of a counter, each as likely as any other (splitmix64, Steele, Lea and Flood 2014).
uint64_t scrambled(uint64_t number) {
  number *= 0x9e3779b97f4a7c15;
  number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
  number = (number ^ number >> 27) * 0x94d049bb133111eb;
  return number ^ number >> 31;
}

void forget(JNIEnv* jni, jclass& type) {
  if (type != nullptr) jni->DeleteGlobalRef(type);
  type = nullptr;
}

}  // namespace

Answer Locks::start(JavaVM* vm, JNIEnv* jni, const Start& wanted, Recording& recording) {
  jvmti_ = make_environment(vm, JVMTI_VERSION_1_2);
  if (jvmti_ == nullptr) return refused(Refusal::kMissing, "this JVM has no JVMTI");
  recording_ = &recording;
  threshold_ = wanted.lock_threshold;
  interval_.store(0);
  window_.store(now());
  recorded_.store(0);
  since_ = now();
  recording_no_.fetch_add(1);
  running = this;
  Answer answer = enable();
  if (answer.refusal != Refusal::kNone) return answer;
  synchronizer_ = kept_class(jni, "java/util/concurrent/locks/AbstractOwnableSynchronizer");
  latch_ = kept_class(jni, "java/util/concurrent/CountDownLatch$Sync");
  stamped_ = kept_class(jni, "java/util/concurrent/locks/StampedLock");
  virtual_ = kept_class(jni, "java/lang/BaseVirtualThread");
  jclass thread = jni->FindClass("java/lang/Thread");
  blocker_ = thread == nullptr ? nullptr : jni->GetFieldID(thread, "parkBlocker", "Ljava/lang/Object;");
  jni->ExceptionClear();
  bool can_hook = synchronizer_ != nullptr && blocker_ != nullptr;
  if (!can_hook || !hook_.set(jni, on_park, this))
    return refused(Refusal::kMissing, "this JVM does not let Unsafe.park be hooked");
  return answer;
}

Answer Locks::enable() {
  jvmtiCapabilities potential{}, capabilities{};
  jvmti_->GetPotentialCapabilities(&potential);
  capabilities.can_generate_monitor_events = 1;
  if (supports_virtual_threads(potential)) set_virtual_threads(capabilities);
  int error = jvmti_->AddCapabilities(&capabilities);
  jvmtiEventCallbacks callbacks{};
  callbacks.MonitorContendedEnter = on_contended_enter;
  callbacks.MonitorContendedEntered = on_contended_entered;
  if (error == 0) error = jvmti_->SetEventCallbacks(&callbacks, sizeof callbacks);
  for (jvmtiEvent each : {JVMTI_EVENT_MONITOR_CONTENDED_ENTERED, JVMTI_EVENT_MONITOR_CONTENDED_ENTER}) {
    if (error == 0) error = jvmti_->SetEventNotificationMode(JVMTI_ENABLE, each, nullptr);
  }
  return error == 0 ? Answer() : refused(Refusal::kFailed, "waits for monitors cannot be followed", error);
}

void Locks::stop(JNIEnv* jni) {
  if (jvmti_ == nullptr) return;
  hook_.reset(jni);
  for (jvmtiEvent each : {JVMTI_EVENT_MONITOR_CONTENDED_ENTER, JVMTI_EVENT_MONITOR_CONTENDED_ENTERED})
    jvmti_->SetEventNotificationMode(JVMTI_DISABLE, each, nullptr);
  for (Wait& each : waits_) {
    uint32_t waiting = Wait::kWaiting;
    if (each.state.compare_exchange_strong(waiting, Wait::kBusy)) release(each);
  }
  jvmti_->DisposeEnvironment();
  jvmti_ = nullptr;
  for (jclass* each : {&synchronizer_, &latch_, &stamped_, &virtual_}) forget(jni, *each);
}

char* Locks::type_of(JNIEnv* jni, jobject lock) const {
  jclass type = jni->GetObjectClass(lock);
  char* name = nullptr;
  if (jvmti_->GetClassSignature(type, &name, nullptr) != JVMTI_ERROR_NONE) name = nullptr;
  jni->DeleteLocalRef(type);
  return name;
}

Locks::Wait* Locks::begin(JNIEnv* jni, jobject thread, jobject lock) {
  constexpr uint32_t kTries = 32;
  uint32_t first = next_wait_.fetch_add(1, std::memory_order_relaxed);
  for (uint32_t i = 0; i < kTries; ++i) {
    Wait& wait = waits_[(first + i) % kMostWaits];
    uint32_t free = Wait::kFree;
    if (!wait.state.compare_exchange_strong(free, Wait::kBusy)) continue;
    wait.thread = recording_->current(jni);
    bool is_virtual = virtual_ != nullptr && jni->IsInstanceOf(thread, virtual_);
    if (is_virtual) wait.thread.address = nullptr;
    wait.type = type_of(jni, lock);
    wait.is_told = false;
    wait.since = now();
    wait.state.store(Wait::kWaiting, std::memory_order_release);
    return &wait;
  }
  return nullptr;
}

void Locks::release(Wait& wait) {
  if (wait.type != nullptr) jvmti_->Deallocate(reinterpret_cast<unsigned char*>(wait.type));
  wait.state.store(Wait::kFree, std::memory_order_release);
}

void Locks::end(JNIEnv* jni, Wait& wait) {
  uint64_t time = now();
  uint32_t waiting = Wait::kWaiting;
  // A flush is busy with it for as long as it takes to copy a stack.
  while (!wait.state.compare_exchange_weak(waiting, Wait::kBusy, std::memory_order_acquire))
    waiting = Wait::kWaiting;
  if (time > wait.since && (wait.is_told || time - wait.since >= threshold_))
    record(recording_->current(jni), wait.type, time - wait.since, time);
  release(wait);
}

// Of a wait that had begun before the recording.
void Locks::end_unknown(JNIEnv* jni, jobject lock) {
  uint64_t time = now();
  if (time - since_ < threshold_) return;
  char* type = type_of(jni, lock);
  record(recording_->current(jni), type, time - since_, time);
  if (type != nullptr) jvmti_->Deallocate(reinterpret_cast<unsigned char*>(type));
}

void Locks::flush() {
  Recording::Permission permission(*recording_);
  if (!permission) return;
  for (Wait& wait : waits_) {
    uint32_t waiting = Wait::kWaiting;
    if (!wait.state.compare_exchange_strong(waiting, Wait::kBusy, std::memory_order_acquire)) continue;
    // Until it is no longer busy its thread stays where it is.
    uint64_t time = now();
    bool is_due = wait.is_told || time - wait.since >= threshold_;
    if (wait.thread.address != nullptr && is_due) {
      record(wait.thread, wait.type, time - wait.since, time);
      wait.since = time;
      wait.is_told = true;
    }
    wait.state.store(Wait::kWaiting, std::memory_order_release);
  }
}

uint64_t Locks::stands_for(uint64_t duration, uint64_t time) {
  uint64_t interval = interval_.load(std::memory_order_relaxed);
  uint64_t window = window_.load(std::memory_order_relaxed);
  bool is_new = time - window > kWindowNs && time > window && window_.compare_exchange_strong(window, time);
  uint32_t recorded = is_new ? recorded_.exchange(0) : recorded_.load(std::memory_order_relaxed);
  if (is_new && recorded < kFew && interval != 0)
    interval_.store(interval <= kLeastInterval ? 0 : interval / 2, std::memory_order_relaxed);
  // What came before decides, and not this wait: none is more likely to be recorded for its place.
  bool is_taken =
      duration >= interval || scrambled(draws_.fetch_add(1, std::memory_order_relaxed)) % interval < duration;
  if (!is_taken) return 0;
  if (recorded_.fetch_add(1, std::memory_order_relaxed) + 1 == kMany) {
    recorded_.store(0, std::memory_order_relaxed);
    interval_.store(interval < kLeastInterval ? kLeastInterval : interval * 2, std::memory_order_relaxed);
  }
  return duration > interval ? duration : interval;
}

void Locks::record(const Recording::Thread& thread, const char* type, uint64_t duration, uint64_t until) {
  uint64_t weight = stands_for(duration, until);
  if (weight != 0) recording_->sample(thread, {RecordType::kContention, until, duration, weight, 0}, type);
}

void JNICALL Locks::on_contended_enter(jvmtiEnv* jvmti, JNIEnv* jni, jthread thread, jobject object) {
  Locks& self = *running;
  int error = errno;
  Recording::Permission permission(*self.recording_);
  // An event may come late, of an environment that is no more.
  if (permission && jvmti == self.jvmti_) {
    Wait* wait = self.begin(jni, thread, object);
    jvmti->SetThreadLocalStorage(nullptr, wait == nullptr ? &self.no_room_ : wait);
  }
  errno = error;
}

void JNICALL Locks::on_contended_entered(jvmtiEnv* jvmti, JNIEnv* jni, jthread, jobject object) {
  Locks& self = *running;
  int error = errno;
  Recording::Permission permission(*self.recording_);
  if (permission && jvmti == self.jvmti_) {
    void* wait = nullptr;
    jvmti->GetThreadLocalStorage(nullptr, &wait);
    if (wait == nullptr) {
      self.end_unknown(jni, object);
    } else {
      jvmti->SetThreadLocalStorage(nullptr, nullptr);
      if (wait == &self.no_room_) {
        self.recording_->lose();
      } else {
        self.end(jni, *static_cast<Wait*>(wait));
      }
    }
  }
  errno = error;
}

bool Locks::is_lock(JNIEnv* jni, jobject blocker) const {
  if (blocker == nullptr) return false;
  if (stamped_ != nullptr && jni->IsInstanceOf(blocker, stamped_)) return true;
  // Who waits for a latch waits for others to get something done.
  return jni->IsInstanceOf(blocker, synchronizer_) &&
         (latch_ == nullptr || !jni->IsInstanceOf(blocker, latch_));
}

Locks::Wait* Locks::begin_park(JNIEnv* jni) {
  jthread thread = nullptr;
  if (jvmti_->GetCurrentThread(&thread) != JVMTI_ERROR_NONE || thread == nullptr) return nullptr;
  jobject blocker = jni->GetObjectField(thread, blocker_);
  Wait* wait = is_lock(jni, blocker) ? begin(jni, thread, blocker) : nullptr;
  jni->DeleteLocalRef(blocker);
  jni->DeleteLocalRef(thread);
  return wait;
}

void Locks::on_park(void* of, JNIEnv* jni, jobject unsafe, jboolean is_absolute, jlong time) {
  auto& self = *static_cast<Locks*>(of);
  Wait* wait = nullptr;
  uint32_t recording_no = 0;
  if (self.recording_->is_open()) {
    Recording::Permission permission(*self.recording_);
    recording_no = self.recording_no_.load();
    if (permission && self.jvmti_ != nullptr) wait = self.begin_park(jni);
  }
  self.hook_.original(jni, unsafe, is_absolute, time);
  if (wait == nullptr) return;
  Recording::Permission permission(*self.recording_);
  if (permission && recording_no == self.recording_no_.load()) self.end(jni, *wait);
}

}  // namespace rtprof::agents::jvm
