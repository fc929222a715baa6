#include "agents/jvm/followed_objects.h"

#include <sys/mman.h>

namespace rtprof::agents::jvm {
namespace {

// After DetachCurrentThread no exception of ours is pending in the program, but until then it would be in our
// way.
jweak weak_reference(JNIEnv* jni, jobject object) {
  jweak reference = jni->NewWeakGlobalRef(object);
  if (reference == nullptr) jni->ExceptionClear();
  return reference;
}

}  // namespace

void FollowedObjects::begin(uint64_t collections, const std::atomic<uint64_t>& pauses) {
  void* room =
      ::mmap(nullptr, kRoom * sizeof(Slot), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  slots_ = room == MAP_FAILED ? nullptr : static_cast<Slot*>(room);
  count_.store(0);
  last_number_.store(0);
  halvings_.store(0);
  pauses_ = &pauses;
  begun_ = reinterpret_cast<const volatile uint32_t*>(collections);  // NOLINT(performance-no-int-to-ptr)
}

uint64_t FollowedObjects::collections() const {
  return begun_ == nullptr ? pauses_->load(std::memory_order_relaxed) : *begun_;
}

uint64_t FollowedObjects::add(JNIEnv* jni, jobject object) {
  if (slots_ == nullptr) return 0;
  uint64_t number = last_number_.fetch_add(1) + 1;
  if (!is_kept(number, halvings_.load(std::memory_order_relaxed))) return number;
  for (uint32_t i = 0; i < kTries; ++i) {
    Slot& slot = slots_[(number + i * (kRoom / kTries + 1)) % kRoom];
    uint64_t free = 0;
    if (!slot.number.compare_exchange_strong(free, kTaken)) continue;
    slot.reference = weak_reference(jni, object);
    if (slot.reference != nullptr) count_.fetch_add(1);
    slot.number.store(slot.reference == nullptr ? 0 : number, std::memory_order_release);
    return slot.reference == nullptr ? 0 : number;
  }
  return 0;
}

void FollowedObjects::free(JNIEnv* jni, Slot& slot) {
  jni->DeleteWeakGlobalRef(slot.reference);
  slot.number.store(0, std::memory_order_release);
  count_.fetch_sub(1);
}

void FollowedObjects::survey(JNIEnv* jni, Recording& recording) {
  if (slots_ == nullptr) return;
  uint32_t gone = watched_gone(jni);
  tell_gone(jni, recording);
  // What is gone is told before how far that is known.
  if (is_behind_) return;
  if (gone != 0) is_behind_ = !recording.note(RecordType::kSurveyed, watched_[gone - 1].since + 1);
  if (is_behind_) return;
  forget_watched(jni, gone);
  watch(jni);
  if (is_crowded()) thin(jni, recording);
}

uint32_t FollowedObjects::watched_gone(JNIEnv* jni) const {
  uint32_t count = watched_count_;
  while (count != 0 && !jni->IsSameObject(watched_[count - 1].reference, nullptr)) --count;
  return count;
}

void FollowedObjects::forget_watched(JNIEnv* jni, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) jni->DeleteWeakGlobalRef(watched_[i].reference);
  watched_count_ -= count;
  for (uint32_t i = 0; i < watched_count_; ++i) watched_[i] = watched_[i + count];
}

void FollowedObjects::tell_gone(JNIEnv* jni, Recording& recording) {
  is_behind_ = false;
  for (uint32_t i = 0; i < kRoom; ++i) {
    Slot& slot = slots_[i];
    uint64_t number = slot.number.load(std::memory_order_acquire);
    bool is_gone = number != 0 && number != kTaken && jni->IsSameObject(slot.reference, nullptr);
    if (!is_gone) continue;
    if (recording.note(RecordType::kCollected, number)) {
      free(jni, slot);
    } else {
      is_behind_ = true;
    }
  }
}

void FollowedObjects::thin(JNIEnv* jni, Recording& recording) {
  uint32_t halvings = halvings_.load() + 1;
  if (!recording.note(RecordType::kThinned, halvings)) return;
  halvings_.store(halvings);
  for (uint32_t i = 0; i < kRoom; ++i) {
    Slot& slot = slots_[i];
    uint64_t number = slot.number.load(std::memory_order_acquire);
    if (number != 0 && number != kTaken && !is_kept(number, halvings)) free(jni, slot);
  }
}

void FollowedObjects::watch(JNIEnv* jni) {
  if (slots_ == nullptr) return;
  if (uint32_t gone = watched_gone(jni); gone > 1) forget_watched(jni, gone - 1);
  // In this order: a collection that begins in between does not look at it.
  uint64_t since = collections();
  bool is_needed = watched_count_ == 0 || watched_[watched_count_ - 1].since != since;
  if (!is_needed || watched_count_ == kMostWatched) return;
  jclass type = jni->FindClass("java/lang/Object");
  jobject object = type == nullptr ? nullptr : jni->AllocObject(type);
  jweak reference = object == nullptr ? nullptr : weak_reference(jni, object);
  if (reference != nullptr) watched_[watched_count_++] = {reference, since};
  if (object != nullptr) jni->DeleteLocalRef(object);
  if (type != nullptr) jni->DeleteLocalRef(type);
  jni->ExceptionClear();
}

void FollowedObjects::end(JNIEnv* jni) {
  for (uint32_t i = 0; slots_ != nullptr && i < kRoom; ++i) {
    if (slots_[i].number.load() != 0) free(jni, slots_[i]);
  }
  forget_watched(jni, watched_count_);
  if (slots_ != nullptr) ::munmap(slots_, kRoom * sizeof(Slot));
  slots_ = nullptr;
}

}  // namespace rtprof::agents::jvm
