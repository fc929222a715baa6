#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "jvm/layout.h"
#include "tests/unit/fake_memory.h"
#include "tests/unit/jvm/fake_jvm.h"

namespace rtprof::test {

// Java classes, objects and threads in the memory of a FakeJvm, kept as a JVM with some flags keeps them.
class FakeHeap {
 public:
  struct Ways {
    bool compressed_oops = true;
    bool compressed_classes = true;
    bool compact_headers = false;
    bool z_without_generations = false;
    bool z_with_generations = false;
  };

  // ZGC's colours: those of references that are in order, and those that are not any more.
  static constexpr uint64_t kHighGood = uint64_t{1} << 43;
  static constexpr uint64_t kHighBad = uint64_t{1} << 42;
  static constexpr uint64_t kHighOffsetMask = (uint64_t{1} << 42) - 1;

  struct Field {
    std::string_view name;
    uint32_t offset = 0;  // from 16 on
  };

  explicit FakeHeap(const Ways& ways);

  // A class whose objects have kObjectBytes. Object, String and Thread there are from the start.
  Address add_class(std::string_view name, Address super, std::initializer_list<Field> fields);
  Address object_class() const { return object_class_; }
  Address thread_class() const { return thread_class_; }

  Address add_object(Address klass);
  // From here on objects are in another granule of ZGC's.
  void add_granule() { next_object_ = (next_object_ | 0x1fffff) + 1; }
  Address add_string(std::string_view latin1);
  // As a collector that has moved an object leaves it: the first object leads to the second.
  void move(Address from, Address to);
  // As ZGC without generations does it: from here on the other colour is good, under which there are the same
  // objects. References keep their colours.
  void recolour();
  // What a reference to an object is in an object, in as many bytes as the JVM has for one.
  void set_reference(Address object, uint32_t offset, Address to);
  // The same in a root; returns its slot.
  Address add_root(Address to);
  // What the JVM has for a reference.
  uint64_t reference_to(Address object) const;

  // A JavaThread with a java.lang.Thread of a name.
  struct Thread {
    Address address = 0;  // of the JavaThread
    Address object = 0;
  };
  Thread add_thread(pid_t tid, std::string_view name);
  void set_status(const Thread& thread, int32_t status);
  // A thread with these waits to enter a monitor of an object; `owner`: what the monitor has of its owner.
  Address add_monitor(Address object, Address owner);

  static constexpr uint32_t kObjectBytes = 64;
  // Of java.lang.Thread's fields.
  static constexpr uint32_t kName = 16, kBlocker = 24, kStatus = 32, kDaemon = 36, kThreadId = 40;
  // Of JavaThread's.
  static constexpr uint32_t kPendingMonitor = 24, kWaitingMonitor = 32, kThreadBytes = 128;
  // An offset that no test needs.
  static constexpr Address kStackLow = 0x10000000, kStackBytes = 0x10000;

  FakeJvm jvm;
  FakeMemory& memory = jvm.memory;
  jvm::Layout& layout = jvm.layout;

 private:
  void describe_objects();
  void describe_threads();
  void add_flags();
  void add_z_globals();
  void write_list();
  void set_class(Address object, Address klass);
  Address take(Address& next, size_t size);

  const Ways ways_;
  Address next_class_, next_object_, next_other_;
  Address object_class_ = 0, string_class_ = 0, thread_class_ = 0, bytes_class_ = 0;
  std::vector<Address> threads_;
  std::vector<Address> objects_;
  Address good_mask_ = 0, bad_mask_ = 0;  // the variables
  uint64_t good_ = kHighGood;
};

}  // namespace rtprof::test
