#pragma once

#include <cstdint>
#include <string>

#include "common/process/memory.h"
#include "jvm/member.h"
#include "jvm/vm_structs.h"

namespace rtprof::jvm {

// Where HotSpot's threads and monitors are. What a JDK has in another way than others, or not at all, is 0.
struct ThreadLayout {
  std::string missing;  // what HotSpot does not describe of that which is needed; empty: nothing

  // A ThreadsList*, from 13 on; before, the first JavaThread of a chain.
  Address list = 0, first = 0;
  Member list_length, list_threads, next;

  uint32_t thread_bytes = 0;           // of a JavaThread
  Member java_thread;                  // the java.lang.Thread
  bool java_thread_is_handle = false;  // it is an OopHandle, and not the object's address
  Member os_thread, stack_base, stack_size;
  Member pending_monitor, waiting_monitor;  // ObjectMonitor*: to enter, and in Object.wait
  Member owner_id;                          // what a monitor has as its owner, from 24 on; before, an address
  Member lock_stack;                        // objects that it has locked without a monitor, from 21 on
  Member lock_stack_top, lock_stack_begin;

  // ContinuationEntry*, and the size of what it points to: from 24 on. Before, back to 21, there is such,
  // too.
  Member continuation_entry;
  uint32_t continuation_entry_bytes = 0;
  Member anchor;  // JavaFrameAnchor, of which this is the first word

  Member os_id;  // OSThread::_thread_id

  Member monitor_object, monitor_owner;
  bool monitor_object_is_handle = false;  // JDK-8247281, from 16 on
};

ThreadLayout thread_layout_of(const VmStructs& structs, int feature);

}  // namespace rtprof::jvm
