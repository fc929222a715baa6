#pragma once

#include <jni.h>

#include <atomic>
#include <cstdint>

#include "agents/jvm/recording.h"

namespace rtprof::agents::jvm {

// Sampled objects until they are gone, by weak references. A bounded number: when it is reached, only half of
// them are followed any further, chosen by chance, and half of those to come.
//
// What has been looked at is told by objects that nobody else refers to: when one is gone, a collection has
// ended that has looked at whatever was allocated before it began. HotSpot's events tell of pauses only, of
// which a concurrent collection has several. So after each another such object is made, and at once, or what
// was allocated before it would wait for the next collection but one; the youngest that is gone tells most.
class FollowedObjects {
 public:
  // `collections`: where HotSpot counts the collections that have begun; 0: nowhere, and `pauses`, of
  // collections that have ended, stand for them: each begins with one.
  void begin(uint64_t collections, const std::atomic<uint64_t>& pauses);
  // A number for an object that was just allocated; 0 where it is not followed.
  uint64_t add(JNIEnv* jni, jobject object);
  // How many collections have begun, or pauses have ended.
  uint64_t collections() const;
  // Whether the last survey() could not tell all.
  bool is_behind() const { return is_behind_; }
  // Whether room for objects is short.
  bool is_crowded() const { return count_.load(std::memory_order_relaxed) > kCrowded; }
  // As soon as may be after a collection, or a pause of one: what is allocated until then belongs to it. This
  // and survey() on one thread at a time.
  void watch(JNIEnv* jni);
  // Tells what is gone, and how far that is known.
  void survey(JNIEnv* jni, Recording& recording);
  void end(JNIEnv* jni);

 private:
  static constexpr uint32_t kRoom = 1 << 16;
  static constexpr uint32_t kCrowded = kRoom / 2;
  static constexpr uint32_t kTries = 16;
  static constexpr uint32_t kMostWatched = 16;
  static constexpr uint64_t kTaken = ~uint64_t{0};

  // `number`: 0 while it is free, kTaken while it is being filled.
  struct Slot {
    std::atomic<uint64_t> number;
    jweak reference;
  };
  // An object that nobody else refers to.
  struct Watched {
    jweak reference;
    uint64_t since;  // collections() before it was made
  };

  void tell_gone(JNIEnv* jni, Recording& recording);
  void thin(JNIEnv* jni, Recording& recording);
  void free(JNIEnv* jni, Slot& slot);
  // The number of those watched that are gone, with what is older.
  uint32_t watched_gone(JNIEnv* jni) const;
  void forget_watched(JNIEnv* jni, uint32_t count);

  Slot* slots_ = nullptr;  // mapped while objects are followed
  std::atomic<uint32_t> count_ = 0;
  std::atomic<uint64_t> last_number_ = 0;
  std::atomic<uint32_t> halvings_ = 0;
  const volatile uint32_t* begun_ = nullptr;
  const std::atomic<uint64_t>* pauses_ = nullptr;
  Watched watched_[kMostWatched] = {};  // from older to younger
  uint32_t watched_count_ = 0;
  bool is_behind_ = false;
};

}  // namespace rtprof::agents::jvm
