#include "agents/jvm/traced_allocations.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

// Where the detours lead. The arguments lie as they are numbered.
#define RTPROF_LANDING(name, function, continuation) \
  asm(".text\n"                                      \
      ".type " name                                  \
      ",@function\n"                                 \
      ".hidden " name                                \
      "\n"                                           \
      ".globl " name "\n" name                       \
      ":\n"                                          \
      ".cfi_startproc\n"                             \
      "push %rbp\n"                                  \
      ".cfi_def_cfa_offset 16\n"                     \
      ".cfi_offset %rbp, -16\n"                      \
      "mov %rsp, %rbp\n"                             \
      ".cfi_def_cfa_register %rbp\n"                 \
      "push %r9\n"                                   \
      "push %r8\n"                                   \
      "push %rcx\n"                                  \
      "push %rdx\n"                                  \
      "push %rsi\n"                                  \
      "push %rdi\n"                                  \
      "mov %rsp, %rdi\n"                             \
      "call " function                               \
      "\n"                                           \
      "pop %rdi\n"                                   \
      "pop %rsi\n"                                   \
      "pop %rdx\n"                                   \
      "pop %rcx\n"                                   \
      "pop %r8\n"                                    \
      "pop %r9\n"                                    \
      "pop %rbp\n"                                   \
      ".cfi_def_cfa %rsp, 8\n"                       \
      "jmp *" continuation                           \
      "(%rip)\n"                                     \
      ".cfi_endproc\n"                               \
      ".size " name ", . - " name "\n")

extern "C" {
void rtprof_full_buffer_landing();
void rtprof_new_buffer_landing();
void rtprof_outside_landing();
__attribute__((visibility("hidden"), used)) const void* rtprof_full_buffer_continuation = nullptr;
__attribute__((visibility("hidden"), used)) const void* rtprof_new_buffer_continuation = nullptr;
__attribute__((visibility("hidden"), used)) const void* rtprof_outside_continuation = nullptr;
__attribute__((visibility("hidden"), used)) void (*rtprof_on_full_buffer)(const uint64_t*) = nullptr;
__attribute__((visibility("hidden"), used)) void (*rtprof_on_new_buffer)(const uint64_t*) = nullptr;
__attribute__((visibility("hidden"), used)) void (*rtprof_on_outside)(const uint64_t*) = nullptr;
}

RTPROF_LANDING("rtprof_full_buffer_landing", "*rtprof_on_full_buffer(%rip)",
               "rtprof_full_buffer_continuation");
RTPROF_LANDING("rtprof_new_buffer_landing", "*rtprof_on_new_buffer(%rip)", "rtprof_new_buffer_continuation");
RTPROF_LANDING("rtprof_outside_landing", "*rtprof_on_outside(%rip)", "rtprof_outside_continuation");

namespace rtprof::agents::jvm {
namespace {

constexpr useconds_t kGoingThroughUs = 20'000;

// What is called is given no place for data of its own.
TracedAllocations* running = nullptr;

const uint8_t* at(uint64_t address) {
  return reinterpret_cast<const uint8_t*>(address);  // NOLINT(performance-no-int-to-ptr): HotSpot says it so
}

template <typename T>
T value_at(const uint8_t* address) {
  return *reinterpret_cast<const volatile T*>(address);
}

// The name of a Klass, as JNI has it.
class Name {
 public:
  Name(const AllocationTraces& traces, uint64_t type) {
    const uint8_t* symbol = at(value_at<uint64_t>(at(type) + traces.klass_name));
    if (symbol == nullptr) return;
    size_t length = value_at<uint16_t>(symbol + traces.symbol_length);
    const char* name = reinterpret_cast<const char*>(symbol + traces.symbol_body);
    bool is_array = length != 0 && *name == '[';
    if (length > kMostNameBytes - 2) length = kMostNameBytes - 2;
    char* end = text_;
    if (!is_array) *end++ = 'L';
    std::memcpy(end, name, length);
    end += length;
    if (!is_array) *end++ = ';';
    *end = '\0';
  }
  const char* text() const { return text_; }

 private:
  char text_[kMostNameBytes + 1] = {};
};

}  // namespace

Answer TracedAllocations::start(JavaVM* vm, const Start& wanted, Recording& recording) {
  vm_ = vm;
  recording_ = &recording;
  traces_ = wanted.traces;
  allocated_ = wanted.allocated;
  interval_ = wanted.allocation_interval;
  for (Entry& each : entries_) each.thread.store(0, std::memory_order_relaxed);
  running = this;
  runs_ = true;
  rtprof_on_full_buffer = on_full_buffer;
  rtprof_on_new_buffer = on_new_buffer;
  rtprof_on_outside = on_outside;
  return enable();
}

Answer TracedAllocations::enable() {
  Answer answer = full_buffer_.prepare(traces_.full_buffer, rtprof_full_buffer_landing);
  if (answer.refusal == Refusal::kNone)
    answer = new_buffer_.prepare(traces_.new_buffer, rtprof_new_buffer_landing);
  if (answer.refusal == Refusal::kNone) answer = outside_.prepare(traces_.outside, rtprof_outside_landing);
  if (answer.refusal != Refusal::kNone) return answer;
  rtprof_full_buffer_continuation = full_buffer_.continuation();
  rtprof_new_buffer_continuation = new_buffer_.continuation();
  rtprof_outside_continuation = outside_.continuation();
  answer = outside_.enable();
  if (answer.refusal == Refusal::kNone) answer = new_buffer_.enable();
  if (answer.refusal == Refusal::kNone) answer = full_buffer_.enable();
  return answer;
}

void TracedAllocations::stop() {
  if (!runs_) return;
  runs_ = false;
  full_buffer_.disable();
  // Who has come through there is about to come here.
  ::usleep(kGoingThroughUs);
  new_buffer_.disable();
  outside_.disable();
}

void TracedAllocations::on_full_buffer(const uint64_t*) {
  if (running->recording_->is_open()) running->on_full_buffer();
}

void TracedAllocations::on_new_buffer(const uint64_t* arguments) {
  running->on_allocation(arguments[0], arguments + running->traces_.sizes_at, true);
}

void TracedAllocations::on_outside(const uint64_t* arguments) {
  running->on_allocation(arguments[0], arguments + running->traces_.sizes_at, false);
}

// Null on a thread that is HotSpot's own.
JNIEnv* TracedAllocations::current() const {
  JNIEnv* jni = nullptr;
  return vm_->GetEnv(reinterpret_cast<void**>(&jni), JNI_VERSION_1_6) == JNI_OK ? jni : nullptr;
}

void TracedAllocations::on_full_buffer() {
  int error = errno;
  if (JNIEnv* jni = current()) {
    Recording::Permission permission(*recording_);
    uint8_t* thread = recording_->address_of(jni);
    Entry* entry = permission ? find(reinterpret_cast<uintptr_t>(thread), true) : nullptr;
    if (entry != nullptr) entry->buffer.limit_next(thread, traces_);
  }
  errno = error;
}

void TracedAllocations::on_allocation(uint64_t type, const uint64_t* sizes, bool is_new_buffer) {
  int error = errno;
  if (JNIEnv* jni = current()) {
    uint8_t* thread = recording_->address_of(jni);
    Entry* entry = find(reinterpret_cast<uintptr_t>(thread), recording_->is_open());
    // When the recording is over, too.
    if (entry != nullptr) entry->buffer.give_back(thread, traces_);
    Recording::Permission permission(*recording_);
    if (permission && entry == nullptr) recording_->lose();
    if (permission && entry != nullptr) {
      uint64_t bytes = is_new_buffer ? sizes[1] : sizes[0];
      bool is_first = value_at<uint32_t>(thread + traces_.refills) == 0;
      sample(
          jni, type, bytes,
          entry->buffer.add(allocated_by(thread, allocated_), bytes, is_new_buffer ? sizes[0] : 0, is_first));
    }
  }
  errno = error;
}

void TracedAllocations::sample(JNIEnv* jni, uint64_t type, uint64_t bytes, const SamplingAccount::Due& due) {
  if (due.untold != 0) recording_->note(RecordType::kUntold, due.untold);
  if (!due.object && due.before == 0) return;
  Recording::Values values{RecordType::kAllocation, now(), bytes};
  values.stands_for = static_cast<uint32_t>(due.before);
  values.is_not_due = !due.object;
  recording_->sample(recording_->current(jni), values, Name(traces_, type).text());
}

// The table is emptied between recordings only: one that is full of threads that have ended stays so. A
// thread at the place of one that has ended goes on with its entry.
TracedAllocations::Entry* TracedAllocations::find(uintptr_t thread, bool is_to_be_made) {
  auto slot = static_cast<uint32_t>((thread >> 4) * 0x9e3779b97f4a7c15 >> 40);
  for (uint32_t i = 0; i < kTries; ++i) {
    Entry& entry = entries_[(slot + i) % kRoom];
    uintptr_t owner = entry.thread.load(std::memory_order_relaxed);
    if (owner == thread) return &entry;
    if (owner != 0) continue;
    if (!is_to_be_made) return nullptr;
    if (!entry.thread.compare_exchange_strong(owner, thread)) continue;
    entry.buffer = ThreadBuffer(now() * 0x9e3779b97f4a7c15 | 1, interval_);
    return &entry;
  }
  return nullptr;
}

}  // namespace rtprof::agents::jvm
