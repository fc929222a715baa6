#include "agents/jvm/recording.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <ctime>
#include <new>

#include "agents/jvm/refused.h"

namespace rtprof::agents::jvm {
namespace {

constexpr useconds_t kBetweenLooksUs = 1000;

// JavaThread* is what the java.lang.Thread says in its field of that name, until the thread ends.
uintptr_t place_of_jni(JNIEnv* jni) {
  jclass type = jni->FindClass("java/lang/Thread");
  jmethodID ask =
      type == nullptr ? nullptr : jni->GetStaticMethodID(type, "currentThread", "()Ljava/lang/Thread;");
  jobject current = ask == nullptr ? nullptr : jni->CallStaticObjectMethod(type, ask);
  if (jni->ExceptionCheck()) current = nullptr;
  jfieldID field = current == nullptr ? nullptr : jni->GetFieldID(type, "eetop", "J");
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

// The stack from the last Java frame on; all zero where there is no such.
StackHeader stack_of(const uint8_t* thread, const ThreadOffsets& offsets) {
  StackHeader stack{};
  uint64_t sp = word_at(thread + offsets.last_sp);
  uint64_t end = word_at(thread + offsets.stack_base);
  uint64_t begin = end - word_at(thread + offsets.stack_size);
  // Another stack than the thread's own may end sooner.
  bool is_own = begin < sp && sp < end;
  if (!is_own || sp % sizeof(uint64_t) != 0) return stack;
  stack.sp = sp;
  stack.pc = word_at(thread + offsets.last_pc);
  // HotSpot leaves it to who looks: it was pushed by the call.
  if (stack.pc == 0) stack.pc = word_at(at(sp) - sizeof(uint64_t));
  stack.fp = word_at(thread + offsets.last_fp);
  stack.size = static_cast<uint32_t>(end - sp < kMostStackBytes ? end - sp : kMostStackBytes);
  return stack;
}

// By their DWARF numbers.
constexpr int kRegisters[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
                              REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};

// From a stack pointer to the end of the stack as far as that is known: a thread that libc has made has its
// own data there, where the thread pointer leads.
size_t bytes_of_stack(uintptr_t sp) {
  auto end = reinterpret_cast<uintptr_t>(__builtin_thread_pointer());
  return end > sp && end - sp < kMostStackBytes ? end - sp : kMostStackBytes;
}

uint32_t aligned(uint64_t size) {
  return static_cast<uint32_t>((size + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment);
}

}  // namespace

uint64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1000000000 + static_cast<uint64_t>(time.tv_nsec);
}

Answer Recording::open(JNIEnv* jni, const Start& wanted, int memory, int event) {
  if (!ring_.open(memory, event)) return refused(Refusal::kFailed, "the ring cannot be mapped");
  offsets_ = wanted.thread;
  memory_ = OwnMemory(wanted.is_filtered != 0);
  jni_in_thread_ = place_of_jni(jni);
  if (jni_in_thread_ == 0) {
    ring_.close();
    return refused(Refusal::kMissing, "java.lang.Thread does not tell its JavaThread");
  }
  // Without, callers of virtual threads are missing from snapshots.
  own_thread_.find(current(jni).address);
  is_open_.store(true, std::memory_order_release);
  return {};
}

void Recording::close() {
  if (!is_open_.exchange(false)) return;
  // Nothing that they do there waits.
  while (writing_.load() != 0) ::usleep(kBetweenLooksUs);
  carried_.forget();
  ring_.close();
}

Recording::Thread Recording::current(JNIEnv* jni) const {
  return {address_of(jni), static_cast<int32_t>(::syscall(SYS_gettid))};
}

void Recording::sample(const Thread& thread, const Values& values, const char* type_name) {
  size_t length = type_name == nullptr ? 0 : std::strlen(type_name);
  auto name_size = static_cast<uint32_t>(length < kMostNameBytes ? length : kMostNameBytes);
  StackHeader stack = stack_of(thread.address, offsets_);
  Carried::Copy chunks = carried_.copy(thread.address, stack);
  uint32_t stack_at = aligned(sizeof(Sample) + name_size);
  uint32_t chunks_at = stack_at + aligned(stack.size);
  auto room = ring_.reserve(chunks_at + aligned(chunks.size()), values.type);
  if (room.record == nullptr) return;
  auto* begin = reinterpret_cast<uint8_t*>(room.record);
  auto* record = reinterpret_cast<Sample*>(begin);
  record->time = values.time;
  record->value = values.value;
  record->detail = values.detail;
  record->collections = values.collections;
  record->allocated = values.allocated;
  record->tid = thread.tid;
  record->name_size = name_size;
  record->stack = stack;
  record->chunk_bytes = chunks.size();
  record->stands_for = values.stands_for;
  record->is_not_due = values.is_not_due ? 1 : 0;
  if (name_size != 0) std::memcpy(begin + sizeof(Sample), type_name, name_size);
  if (stack.size != 0) std::memcpy(begin + stack_at, at(stack.sp), stack.size);
  if (chunks.size() != 0) std::memcpy(begin + chunks_at, chunks.bytes(), chunks.size());
  ring_.commit(room);
}

void Recording::snapshot(uint64_t number, const ucontext_t& interrupted) {
  const greg_t* registers = interrupted.uc_mcontext.gregs;
  auto sp = static_cast<uintptr_t>(registers[REG_RSP]);
  size_t size = OwnMemory::readable(sp, bytes_of_stack(sp)) / sizeof(uint64_t) * sizeof(uint64_t);
  Carried::Copy chunks;
  const uint8_t* thread = own_thread_.get();
  if (thread != nullptr) chunks = carried_.copy(thread, {.sp = sp, .size = static_cast<uint32_t>(size)});
  uint32_t chunks_at = aligned(sizeof(Snapshot) + size);
  auto room = ring_.reserve(chunks_at + aligned(chunks.size()), RecordType::kSnapshot);
  if (room.record == nullptr) return;
  auto* record = reinterpret_cast<Snapshot*>(room.record);
  record->number = number;
  record->time = now();
  for (size_t i = 0; i < sizeof kRegisters / sizeof *kRegisters; ++i)
    record->registers[i] = static_cast<uint64_t>(registers[kRegisters[i]]);
  record->stack_bytes = static_cast<uint32_t>(memory_.copy(record + 1, sp, size));
  record->attached_bytes = chunks.size();
  if (chunks.size() != 0)
    std::memcpy(reinterpret_cast<uint8_t*>(record) + chunks_at, chunks.bytes(), chunks.size());
  ring_.commit(room, true);
}

bool Recording::note(RecordType type, uint64_t number) {
  auto room = ring_.reserve(sizeof(Note), type);
  if (room.record == nullptr) return false;
  reinterpret_cast<Note*>(room.record)->number = number;
  ring_.commit(room);
  return true;
}

}  // namespace rtprof::agents::jvm
