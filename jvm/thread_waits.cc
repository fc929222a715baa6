#include "jvm/thread_waits.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace rtprof::jvm {
namespace {

// ObjectMonitor::ANONYMOUS_OWNER: a thread that has locked the object before there was a monitor, and keeps
// it on its lock stack. The bit is set in what JDK 21 and 22 have of it, too.
constexpr uint64_t kAnonymousOwner = 1;

constexpr std::string_view kOwnable = "java/util/concurrent/locks/AbstractOwnableSynchronizer";

struct Reason {
  JavaThreadStatus status;
  std::string_view text;
};
constexpr Reason kReasons[] = {
    {JavaThreadStatus::kBlockedOnMonitor, "blocked on monitor"},
    {JavaThreadStatus::kInObjectWait, "Object.wait"},
    {JavaThreadStatus::kInObjectWaitTimed, "Object.wait, timed"},
    {JavaThreadStatus::kParked, "parked"},
    {JavaThreadStatus::kParkedTimed, "parked, timed"},
    {JavaThreadStatus::kSleeping, "Thread.sleep"},
};

class Waits {
 public:
  Waits(const Memory& memory, const Layout& layout, std::span<const JavaThread> threads, JavaObjects& objects)
      : memory_(memory), layout_(layout.threads), threads_(threads), objects_(objects) {
    for (const JavaThread& thread : threads) {
      if (thread.object != 0) by_object_[place(thread.object)] = thread.address;
      if (thread.owner_id != 0) by_owner_id_[thread.owner_id] = thread.address;
    }
  }

  ThreadWait of(const JavaThread& thread) {
    ThreadWait wait;
    auto reason = std::find_if(std::begin(kReasons), std::end(kReasons),
                               [&](const Reason& each) { return each.status == thread.status; });
    if (reason == std::end(kReasons)) return wait;
    wait.reason = reason->text;
    switch (reason->status) {
      case JavaThreadStatus::kBlockedOnMonitor:
        wait.is_blocked = true;
        monitor(thread.pending_monitor != 0 ? thread.pending_monitor : thread.waiting_monitor, true, wait);
        break;
      case JavaThreadStatus::kInObjectWait:
      case JavaThreadStatus::kInObjectWaitTimed:
        monitor(thread.waiting_monitor, false, wait);
        break;
      case JavaThreadStatus::kParked:
      case JavaThreadStatus::kParkedTimed:
        blocker(thread, wait);
        break;
      default:
        break;
    }
    return wait;
  }

 private:
  template <typename Key>
  static Address find(const std::unordered_map<Key, Address>& by, Key key) {
    auto found = by.find(key);
    return found == by.end() ? 0 : found->second;
  }

  Address place(Address object) const { return objects_.model().place(object); }

  std::string text(const JavaObject& object) const {
    return fmt::format("{}@{:#x}", source_name(object.of->name), place(object.address));
  }

  void monitor(Address monitor, bool has_holder, ThreadWait& wait) {
    if (monitor == 0) return;
    auto kept = layout_.monitor_object.at(memory_, monitor);
    if (!kept) return;
    auto address = layout_.monitor_object_is_handle
                       ? objects_.root(static_cast<Address>(*kept))
                       : std::optional(objects_.referred(static_cast<uint64_t>(*kept)));
    auto object = address ? objects_.object(*address) : std::nullopt;
    if (!object) return;
    wait.lock = text(*object);
    auto owner = has_holder ? layout_.monitor_owner.at(memory_, monitor) : std::nullopt;
    if (!owner || *owner == 0) return;
    wait.holder = owner_of_monitor(*owner, *address, object->address);
    wait.may_last = true;
  }

  // Addresses of the object: as the monitor has it, and where it is now.
  Address owner_of_monitor(int64_t owner, Address kept, Address now) {
    auto is_object = [&](Address each) { return place(each) == place(kept) || place(each) == place(now); };
    if (static_cast<uint64_t>(owner) == kAnonymousOwner) {
      Address holder = thread_that([&](const JavaThread& thread) {
        return std::any_of(thread.lock_stack.begin(), thread.lock_stack.end(), is_object);
      });
      return holder != 0 ? holder : find(by_moved_lock(), place(now));
    }
    if (layout_.owner_id.exists()) return find(by_owner_id_, owner);
    auto address = static_cast<Address>(owner);
    // What was locked on its owner's stack before it had a monitor has a place in it.
    return thread_that([&](const JavaThread& thread) {
      return thread.address == address || (address >= thread.stack_low && address < thread.stack_high);
    });
  }

  // A thread that sleeps may have the address of before a move on its lock stack.
  const std::unordered_map<Address, Address>& by_moved_lock() {
    if (by_moved_lock_) return *by_moved_lock_;
    by_moved_lock_.emplace();
    for (const JavaThread& thread : threads_) {
      for (Address lock : thread.lock_stack) {
        for (Address moved : objects_.moved_from(lock))
          by_moved_lock_->try_emplace(place(moved), thread.address);
      }
    }
    return *by_moved_lock_;
  }

  template <typename Is>
  Address thread_that(Is is) const {
    auto found = std::find_if(threads_.begin(), threads_.end(), is);
    return found == threads_.end() ? 0 : found->address;
  }

  void blocker(const JavaThread& thread, ThreadWait& wait) {
    auto object = objects_.object(thread.park_blocker);
    if (!object) return;
    wait.lock = text(*object);
    JavaClass* ownable = objects_.classes().called(*object->of, kOwnable);
    auto owner =
        ownable != nullptr ? objects_.reference(*object, *ownable, "exclusiveOwnerThread") : std::nullopt;
    auto holder = owner && *owner != 0 ? objects_.object(*owner) : std::nullopt;
    if (!holder) return;
    wait.holder = find(by_object_, place(holder->address));
    wait.may_last = thread.status == JavaThreadStatus::kParked;
  }

  const Memory& memory_;
  const ThreadLayout& layout_;
  std::span<const JavaThread> threads_;
  JavaObjects& objects_;
  // Addresses of threads; by the places of their objects.
  std::unordered_map<Address, Address> by_object_;
  std::unordered_map<int64_t, Address> by_owner_id_;
  std::optional<std::unordered_map<Address, Address>> by_moved_lock_;
};

std::string_view primitive_name(char letter) {
  switch (letter) {
    case 'Z':
      return "boolean";
    case 'B':
      return "byte";
    case 'C':
      return "char";
    case 'S':
      return "short";
    case 'I':
      return "int";
    case 'J':
      return "long";
    case 'F':
      return "float";
    case 'D':
      return "double";
    default:
      return {};
  }
}

}  // namespace

std::vector<ThreadWait> waits_of(const Memory& memory, const Layout& layout,
                                 std::span<const JavaThread> threads, JavaObjects& objects) {
  Waits waits(memory, layout, threads, objects);
  std::vector<ThreadWait> all;
  for (const JavaThread& thread : threads) all.push_back(waits.of(thread));
  return all;
}

std::string source_name(std::string_view class_name) {
  size_t dimensions = std::min(class_name.find_first_not_of('['), class_name.size());
  std::string_view element = class_name.substr(dimensions);
  std::string name(element);
  if (dimensions != 0 && element.size() == 1) name = primitive_name(element[0]);
  if (dimensions != 0 && element.starts_with('L') && element.ends_with(';'))
    name = element.substr(1, element.size() - 2);
  std::replace(name.begin(), name.end(), '/', '.');
  for (size_t i = 0; i < dimensions; ++i) name += "[]";
  return name;
}

}  // namespace rtprof::jvm
