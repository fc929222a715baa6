#include "jvm/thread_layout.h"

#include <fmt/core.h>

namespace rtprof::jvm {
namespace {

using Row = MemberRow<ThreadLayout>;
using Static = StaticRow<ThreadLayout>;

constexpr Row kMembers[] = {
    {&ThreadLayout::list_length, "ThreadsList", "_length", false},
    {&ThreadLayout::list_threads, "ThreadsList", "_threads", false},
    {&ThreadLayout::next, "JavaThread", "_next", false},
    {&ThreadLayout::java_thread, "JavaThread", "_threadObj"},
    {&ThreadLayout::os_thread, "JavaThread", "_osthread", false},
    {&ThreadLayout::os_thread, "Thread", "_osthread"},
    {&ThreadLayout::stack_base, "JavaThread", "_stack_base"},
    {&ThreadLayout::stack_size, "JavaThread", "_stack_size"},
    {&ThreadLayout::pending_monitor, "Thread", "_current_pending_monitor", false},
    {&ThreadLayout::pending_monitor, "JavaThread", "_current_pending_monitor"},
    {&ThreadLayout::waiting_monitor, "Thread", "_current_waiting_monitor", false},
    {&ThreadLayout::waiting_monitor, "JavaThread", "_current_waiting_monitor"},
    {&ThreadLayout::owner_id, "JavaThread", "_monitor_owner_id", false},
    {&ThreadLayout::lock_stack, "JavaThread", "_lock_stack", false},
    {&ThreadLayout::lock_stack_top, "LockStack", "_top", false},
    {&ThreadLayout::lock_stack_begin, "LockStack", "_base[0]", false},
    {&ThreadLayout::continuation_entry, "JavaThread", "_cont_entry", false},
    {&ThreadLayout::anchor, "JavaThread", "_anchor", false},
    {&ThreadLayout::os_id, "OSThread", "_thread_id"},
    {&ThreadLayout::monitor_object, "ObjectMonitor", "_object"},
    {&ThreadLayout::monitor_owner, "ObjectMonitor", "_owner"},
};

constexpr Static kStatics[] = {
    {&ThreadLayout::list, "ThreadsSMRSupport", "_java_thread_list", false},
    {&ThreadLayout::first, "Threads", "_thread_list", false},
};

}  // namespace

ThreadLayout thread_layout_of(const VmStructs& structs, int feature) {
  constexpr int kFirstWithHandles = 16;
  ThreadLayout layout;
  fill<ThreadLayout>(layout, structs, kMembers);
  fill<ThreadLayout>(layout, structs, kStatics);
  const VmStructs::Type* thread = structs.type("JavaThread");
  if (thread != nullptr && thread->size <= kLargestStructure)
    layout.thread_bytes = static_cast<uint32_t>(thread->size);
  const VmStructs::Type* entry = structs.type("ContinuationEntry");
  if (entry != nullptr && entry->size <= kLargestStructure)
    layout.continuation_entry_bytes = static_cast<uint32_t>(entry->size);
  const VmStructs::Field* object = structs.field("JavaThread", "_threadObj");
  layout.java_thread_is_handle = object != nullptr && object->type == "OopHandle";
  layout.monitor_object_is_handle = feature >= kFirstWithHandles;

  if (const Row* row = missing_row<ThreadLayout>(layout, kMembers))
    layout.missing = fmt::format("{}::{}", row->structure, row->field);
  bool has_list = layout.list != 0 && layout.list_length.exists() && layout.list_threads.exists();
  bool has_chain = layout.first != 0 && layout.next.exists();
  if (!has_list && !has_chain) layout.missing = "ThreadsSMRSupport::_java_thread_list";
  if (layout.thread_bytes == 0) layout.missing = "the size of JavaThread";
  return layout;
}

}  // namespace rtprof::jvm
