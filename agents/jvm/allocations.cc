#include "agents/jvm/allocations.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <new>

namespace rtprof::agents::jvm {
namespace {

// The callback is given no place for data of its own.
Allocations* running = nullptr;

Answer refused(Refusal refusal, const char* what, int error = 0) {
  Answer answer;
  answer.refusal = refusal;
  if (error == 0) {
    std::snprintf(answer.text, sizeof answer.text, "%s", what);
  } else {
    std::snprintf(answer.text, sizeof answer.text, "%s: JVMTI error %d", what, error);
  }
  return answer;
}

constexpr useconds_t kBetweenLooksUs = 1000;
constexpr jint kDefaultInterval = 512 << 10;

// JDK 21's name for the bit after that of sampled allocations; unknown to older headers.
constexpr size_t kVirtualThreadsBit = 44;

bool has_bit(const jvmtiCapabilities& capabilities, size_t bit) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&capabilities);
  return (bytes[bit / 8] >> bit % 8 & 1) != 0;
}

void set_bit(jvmtiCapabilities& capabilities, size_t bit) {
  reinterpret_cast<uint8_t*>(&capabilities)[bit / 8] |= static_cast<uint8_t>(1 << bit % 8);
}

// JavaThread* is what the java.lang.Thread says in its field of that name, until the thread ends.
uintptr_t place_of_jni(jvmtiEnv* jvmti, JNIEnv* jni) {
  jthread current = nullptr;
  if (jvmti->GetCurrentThread(&current) != JVMTI_ERROR_NONE || current == nullptr) return 0;
  jclass type = jni->FindClass("java/lang/Thread");
  jfieldID field = type == nullptr ? nullptr : jni->GetFieldID(type, "eetop", "J");
  jni->ExceptionClear();
  if (field == nullptr) return 0;
  auto thread = static_cast<uintptr_t>(jni->GetLongField(current, field));
  auto place = reinterpret_cast<uintptr_t>(jni) - thread;
  return thread != 0 && place < kLargestOffset ? place : 0;
}

uint64_t word_at(const uint8_t* address) {
  return *reinterpret_cast<const volatile uint64_t*>(address);
}

// What an address of the stack leads to.
const uint8_t* at(uint64_t address) {
  return reinterpret_cast<const uint8_t*>(address);  // NOLINT(performance-no-int-to-ptr): HotSpot says it so
}

// The stack from the last Java frame on, of the thread that runs this; all zero where there is no such.
StackHeader stack_of(const uint8_t* thread, const ThreadOffsets& offsets) {
  StackHeader stack{};
  uint64_t sp = word_at(thread + offsets.last_sp);
  uint64_t end = word_at(thread + offsets.stack_base);
  uint64_t begin = end - word_at(thread + offsets.stack_size);
  uint64_t here = reinterpret_cast<uintptr_t>(&stack);
  // Another stack than the thread's own may end sooner.
  bool is_own = begin <= here && here < sp && sp < end;
  if (!is_own || sp % sizeof(uint64_t) != 0) return stack;
  stack.sp = sp;
  stack.pc = word_at(thread + offsets.last_pc);
  // HotSpot leaves it to who looks: it was pushed by the call.
  if (stack.pc == 0) stack.pc = word_at(at(sp) - sizeof(uint64_t));
  stack.fp = word_at(thread + offsets.last_fp);
  stack.size = static_cast<uint32_t>(end - sp < kMostStackBytes ? end - sp : kMostStackBytes);
  return stack;
}

uint32_t aligned(uint64_t size) {
  return static_cast<uint32_t>((size + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment);
}

uint64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1000000000 + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

Answer Allocations::start(JavaVM* vm, JNIEnv* jni, const Start& wanted, int memory, int event) {
  if (!ring_.open(memory, event)) return refused(Refusal::kFailed, "the ring cannot be mapped");
  Answer answer;
  if (vm->GetEnv(reinterpret_cast<void**>(&jvmti_), JVMTI_VERSION_11) != JNI_OK) {
    answer = refused(Refusal::kMissing, "this JVM does not sample allocations for JVMTI: that takes JDK 11");
    jvmti_ = nullptr;
  } else {
    answer = enable(jni, wanted);
  }
  if (answer.refusal != Refusal::kNone) {
    end_recording();
    stop_sampling();
  }
  return answer;
}

Answer Allocations::enable(JNIEnv* jni, const Start& wanted) {
  offsets_ = wanted.thread;
  jni_in_thread_ = place_of_jni(jvmti_, jni);
  if (jni_in_thread_ == 0) return refused(Refusal::kMissing, "java.lang.Thread does not tell its JavaThread");

  jvmtiCapabilities potential{}, capabilities{};
  jvmti_->GetPotentialCapabilities(&potential);
  if (!potential.can_generate_sampled_object_alloc_events)
    return refused(Refusal::kOccupied, "another agent samples the allocations of this JVM");
  capabilities.can_generate_sampled_object_alloc_events = 1;
  if (has_bit(potential, kVirtualThreadsBit)) set_bit(capabilities, kVirtualThreadsBit);
  if (int error = jvmti_->AddCapabilities(&capabilities))
    return refused(Refusal::kFailed, "allocations cannot be sampled", error);

  jvmtiEventCallbacks callbacks{};
  callbacks.SampledObjectAlloc = on_sample;
  int error = jvmti_->SetEventCallbacks(&callbacks, sizeof callbacks);
  if (error == 0) error = jvmti_->SetHeapSamplingInterval(static_cast<jint>(wanted.allocation_interval));
  running = this;
  runs_.store(true, std::memory_order_release);
  if (error == 0)
    error = jvmti_->SetEventNotificationMode(JVMTI_ENABLE, JVMTI_EVENT_SAMPLED_OBJECT_ALLOC, nullptr);
  return error == 0 ? Answer() : refused(Refusal::kFailed, "allocations cannot be sampled", error);
}

void Allocations::end_recording() {
  runs_.store(false);
  // Nothing that they do there waits.
  while (writing_.load() != 0) ::usleep(kBetweenLooksUs);
  carried_.forget();
  ring_.close();
}

void Allocations::stop_sampling() {
  if (jvmti_ == nullptr) return;
  jvmti_->SetEventNotificationMode(JVMTI_DISABLE, JVMTI_EVENT_SAMPLED_OBJECT_ALLOC, nullptr);
  // Of the whole JVM: others may rely on it.
  jvmti_->SetHeapSamplingInterval(kDefaultInterval);
  jvmti_->DisposeEnvironment();
  jvmti_ = nullptr;
}

void JNICALL Allocations::on_sample(jvmtiEnv* jvmti, JNIEnv* jni, jthread, jobject, jclass type,
                                    jlong bytes) {
  Allocations& self = *running;
  if (!self.runs_.load()) return;
  // Native code of the program may have allocated between a call and a look at it.
  int error = errno;

  char* name = nullptr;
  if (jvmti->GetClassSignature(type, &name, nullptr) != JVMTI_ERROR_NONE) name = nullptr;
  self.writing_.fetch_add(1);
  // An event may come late, of an environment that is no more.
  if (self.runs_.load() && jvmti == self.jvmti_) self.record(jni, name == nullptr ? "" : name, bytes);
  self.writing_.fetch_sub(1);
  if (name != nullptr) jvmti->Deallocate(reinterpret_cast<unsigned char*>(name));
  errno = error;
}

void Allocations::record(JNIEnv* jni, const char* name, jlong bytes) {
  size_t length = std::strlen(name);
  auto name_size = static_cast<uint32_t>(length < kMostNameBytes ? length : kMostNameBytes);
  const uint8_t* thread = reinterpret_cast<const uint8_t*>(jni) - jni_in_thread_;
  StackHeader stack = stack_of(thread, offsets_);
  Carried::Copy chunks = carried_.copy(thread, stack);
  uint32_t stack_at = aligned(sizeof(Allocation) + name_size);
  uint32_t chunks_at = stack_at + aligned(stack.size);
  auto room = ring_.reserve(chunks_at + aligned(chunks.size()), RecordType::kAllocation);
  if (room.record == nullptr) return;
  auto* begin = reinterpret_cast<uint8_t*>(room.record);
  auto* record = reinterpret_cast<Allocation*>(begin);
  record->time = now();
  record->bytes = static_cast<uint64_t>(bytes);
  record->tid = static_cast<int32_t>(::syscall(SYS_gettid));
  record->name_size = name_size;
  record->stack = stack;
  record->chunk_bytes = chunks.size();
  std::memcpy(begin + sizeof(Allocation), name, name_size);
  if (stack.size != 0) std::memcpy(begin + stack_at, at(stack.sp), stack.size);
  if (chunks.size() != 0) std::memcpy(begin + chunks_at, chunks.bytes(), chunks.size());
  ring_.commit(room);
}

}  // namespace rtprof::agents::jvm
