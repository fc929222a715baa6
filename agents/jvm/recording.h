#pragma once

#include <jni.h>
#include <ucontext.h>

#include <atomic>
#include <cstdint>

#include "agents/jvm/carried.h"
#include "agents/jvm/own_thread.h"
#include "agents/jvm/protocol.h"
#include "agents/own_memory.h"
#include "agents/ring_writer.h"

namespace rtprof::agents::jvm {

// CLOCK_MONOTONIC, ns.
uint64_t now();

// Where the samples of one rtprof go, each with a stack: the bytes from the thread's last Java frame on, as
// they are. Who the callers are rtprof finds out from outside, so no jmethodID is asked for, and nothing can
// be resolved too late.
class Recording {
 public:
  // On a thread that is attached to the JVM. Takes the ring's descriptors in any case.
  Answer open(JNIEnv* jni, const Start& wanted, int memory, int event);
  // Where things are in a JavaThread, before what needs it begins.
  void set_offsets(const ThreadOffsets& offsets) { offsets_ = offsets; }
  const OwnMemory& memory() const { return memory_; }
  // On any thread, while it is open.
  void know(const rt_chunk_settings& chunks) { carried_.know(chunks); }
  // On any thread: from here on nothing is recorded, and the ring is not touched.
  void close();

  // The right to record, which close() waits for: to be held for moments. Nothing where it is closed.
  class Permission {
   public:
    explicit Permission(Recording& recording) : recording_(recording) {
      recording.writing_.fetch_add(1);
      is_granted_ = recording.is_open_.load();
    }
    ~Permission() { recording_.writing_.fetch_sub(1); }
    Permission(const Permission&) = delete;
    Permission& operator=(const Permission&) = delete;
    explicit operator bool() const { return is_granted_; }

   private:
    Recording& recording_;
    bool is_granted_;
  };
  bool is_open() const { return is_open_.load(std::memory_order_relaxed); }

  // A thread of the JVM, by its JavaThread.
  struct Thread {
    const uint8_t* address = nullptr;
    int32_t tid = 0;
  };
  // The one that runs this.
  Thread current(JNIEnv* jni) const;
  uint8_t* address_of(JNIEnv* jni) const { return reinterpret_cast<uint8_t*>(jni) - jni_in_thread_; }

  struct Values {
    RecordType type;
    uint64_t time;
    uint64_t value;
    uint64_t detail = 0;
    uint64_t collections = 0;
    uint64_t allocated = 0;
    uint32_t stands_for = 0;
    bool is_not_due = false;
  };
  // With permission. Of the calling thread, or of one that is known not to go on meanwhile. `type_name`: null
  // for none.
  void sample(const Thread& thread, const Values& values, const char* type_name);
  // With permission, in a signal handler: the calling thread, as it was interrupted.
  void snapshot(uint64_t number, const ucontext_t& interrupted);
  // False where there is no room.
  bool note(RecordType type, uint64_t number);
  // With permission: counts a sample that cannot be taken as lost.
  void lose() { ring_.lose(); }

 private:
  ThreadOffsets offsets_;
  OwnMemory memory_;
  uintptr_t jni_in_thread_ = 0;  // where in a JavaThread its JNIEnv is
  OwnThread own_thread_;
  RingWriter ring_;
  Carried carried_;
  std::atomic<bool> is_open_ = false;
  std::atomic<int> writing_ = 0;
};

}  // namespace rtprof::agents::jvm
