#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/process/memory.h"
#include "common/process/page_cache.h"
#include "jvm/java_objects.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

// What java.lang.Thread's status says of those that wait, which are bits of JVM TI (GetThreadState).
enum class JavaThreadStatus : int32_t {
  kSleeping = 0xe1,
  kInObjectWait = 0x191,
  kInObjectWaitTimed = 0x1a1,
  kParked = 0x291,
  kParkedTimed = 0x2a1,
  kBlockedOnMonitor = 0x401,
};

// One of HotSpot's JavaThreads, as it was when it was read. Threads of the JVM itself are among them, those
// that collect garbage are not.
struct JavaThread {
  Address address = 0;  // of HotSpot's structure
  pid_t tid = 0;        // in the innermost pid namespace of the process
  std::string name;     // as the program calls it; empty where it could not be read
  std::optional<bool> is_daemon;
  std::optional<JavaThreadStatus> status;
  Address pending_monitor = 0;  // ObjectMonitor* that it waits to enter
  Address waiting_monitor = 0;  // the same of Object.wait
  Address park_blocker = 0;     // the object that LockSupport.park was told of
  Address object = 0;           // its java.lang.Thread
  int64_t owner_id = 0;         // ThreadLayout::owner_id
  Address stack_low = 0, stack_high = 0;
  std::vector<Address> lock_stack;  // objects
};

// The Java threads of a target. Lives on one thread.
class JavaThreads {
 public:
  // Both outlive this.
  JavaThreads(const Memory& memory, const Layout& layout)
      : memory_(memory), layout_(layout), cache_(memory), objects_(cache_, layout) {}

  // Why threads or their objects cannot be read; looks again, and forgets what was read.
  std::optional<Failure> begin();

  // All that there are; those that come or go meanwhile may be missing.
  std::vector<JavaThread> read();
  // Their addresses, with the tids in the innermost namespace.
  struct Known {
    Address address = 0;
    pid_t tid = 0;
  };
  std::vector<Known> list() const;
  // One of them by its address; nothing when it cannot be read.
  std::optional<JavaThread> read(const Known& known);
  // Only its name; empty when it cannot be read.
  std::string name_of(Address thread);
  // Only the class of its java.lang.Thread; null when it cannot be read.
  JavaClass* class_of(Address thread);

  // As of begin().
  JavaObjects& objects() { return objects_; }
  const JavaObjects& objects() const { return objects_; }

 private:
  std::vector<Address> addresses() const;
  // Whether it was whole.
  bool read_list(std::vector<Address>& all) const;
  bool read_chain(std::vector<Address>& all) const;
  // Of thread_class_.
  std::optional<JavaObject> java_object(std::span<const uint8_t> thread);

  const Memory& memory_;
  const Layout& layout_;
  PageCache cache_;
  JavaObjects objects_;
  JavaClass* thread_class_ = nullptr;  // java.lang.Thread; null where it cannot be read
};

}  // namespace rtprof::jvm
