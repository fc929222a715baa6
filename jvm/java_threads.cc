#include "jvm/java_threads.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace rtprof::jvm {
namespace {

constexpr uint32_t kMostThreads = 1 << 16;
constexpr int kMostTries = 5;      // to read the list of threads while it stays what it is
constexpr size_t kMostLocks = 64;  // LockStack::CAPACITY is 8

// Reads a value at each address; 0 where that cannot be read.
template <typename Value>
std::vector<Value> values_at(const Memory& memory, std::span<const Address> addresses) {
  std::vector<Value> values(addresses.size());
  std::vector<MemoryRange> ranges;
  for (size_t i = 0; i < addresses.size(); ++i) ranges.push_back({addresses[i], &values[i], sizeof(Value)});
  std::span<const MemoryRange> rest = ranges;
  while (!rest.empty()) {
    size_t done = memory.read_batch(rest);
    rest = rest.subspan(std::min(rest.size(), done + 1));  // the one that cannot be read
  }
  return values;
}

std::optional<JavaThreadStatus> status_of(std::optional<int32_t> value) {
  return value ? std::optional(static_cast<JavaThreadStatus>(*value)) : std::nullopt;
}

// The addresses between a LockStack's begin and its top, which is an offset in the thread.
std::vector<Address> lock_stack(const ThreadLayout& layout, std::span<const uint8_t> thread) {
  std::vector<Address> locks;
  if (!layout.lock_stack.exists() || !layout.lock_stack_top.exists()) return locks;
  Member top = layout.lock_stack_top;
  top.offset += layout.lock_stack.offset;
  size_t end = static_cast<size_t>(top.in(thread));
  size_t at = layout.lock_stack.offset + layout.lock_stack_begin.offset;
  for (; at + sizeof(Address) <= end && end <= thread.size() && locks.size() < kMostLocks;
       at += sizeof(Address)) {
    Address object;
    std::memcpy(&object, thread.data() + at, sizeof object);
    locks.push_back(object);
  }
  return locks;
}

}  // namespace

std::optional<Failure> JavaThreads::begin() {
  cache_.clear();
  const std::string& missing = layout_.threads.missing;
  if (!missing.empty()) return Failure{"HotSpot does not describe " + missing};
  auto failure = objects_.begin();
  thread_class_ = failure ? nullptr : objects_.classes().known(layout_.objects.thread_class);
  return failure;
}

std::vector<Address> JavaThreads::addresses() const {
  std::vector<Address> all;
  for (int i = 0; i < kMostTries; ++i) {
    all.clear();
    bool is_whole = layout_.threads.list != 0 ? read_list(all) : read_chain(all);
    if (is_whole) break;
  }
  return all;
}

// A list is replaced when a thread comes or goes, and freed a moment later: it is whole if it is the list
// still.
bool JavaThreads::read_list(std::vector<Address>& all) const {
  const ThreadLayout& layout = layout_.threads;
  auto list = memory_.pointer(layout.list);
  auto length = list ? layout.list_length.at(memory_, *list) : std::nullopt;
  auto threads = list ? layout.list_threads.at(memory_, *list) : std::nullopt;
  if (!length || !threads || *length < 0 || *length > kMostThreads) return false;
  all.resize(static_cast<size_t>(*length));
  bool is_read =
      all.empty() || memory_.read(static_cast<Address>(*threads), all.data(), all.size() * sizeof(Address));
  if (!is_read) all.clear();
  return is_read && memory_.pointer(layout.list) == list;
}

bool JavaThreads::read_chain(std::vector<Address>& all) const {
  auto thread = memory_.pointer(layout_.threads.first);
  while (thread && *thread != 0 && all.size() < kMostThreads) {
    all.push_back(*thread);
    auto next = layout_.threads.next.at(memory_, *thread);
    thread = next ? std::optional(static_cast<Address>(*next)) : std::nullopt;
  }
  return thread == Address{0};
}

std::vector<JavaThreads::Known> JavaThreads::list() const {
  const ThreadLayout& layout = layout_.threads;
  std::vector<Address> threads = addresses();
  std::vector<Address> places = threads;
  for (Address& place : places) place += layout.os_thread.offset;
  std::vector<Address> os_threads = values_at<Address>(memory_, places);
  for (Address& os_thread : os_threads) os_thread += layout.os_id.offset;
  std::vector<pid_t> tids = values_at<pid_t>(memory_, os_threads);
  std::vector<Known> all;
  for (size_t i = 0; i < threads.size(); ++i) {
    if (tids[i] > 0) all.push_back({threads[i], tids[i]});
  }
  return all;
}

std::optional<JavaObject> JavaThreads::java_object(std::span<const uint8_t> thread) {
  auto value = static_cast<Address>(layout_.threads.java_thread.in(thread));
  std::optional<Address> address;
  if (layout_.threads.java_thread_is_handle) {
    address = objects_.root(value);
  } else {
    address = objects_.referred(value);
  }
  auto object = address ? objects_.object(*address) : std::nullopt;
  bool is_thread = object && objects_.is(*object, thread_class_);
  return is_thread ? object : std::nullopt;
}

std::string JavaThreads::name_of(Address thread) {
  auto bytes = cache_.bytes(thread, layout_.threads.thread_bytes);
  auto object = bytes ? java_object(*bytes) : std::nullopt;
  auto name = object ? objects_.reference(*object, *thread_class_, "name") : std::nullopt;
  return name ? objects_.string(*name).value_or("") : "";
}

JavaClass* JavaThreads::class_of(Address thread) {
  auto bytes = cache_.bytes(thread, layout_.threads.thread_bytes);
  auto object = bytes ? java_object(*bytes) : std::nullopt;
  return object ? object->of : nullptr;
}

std::optional<JavaThread> JavaThreads::read(const Known& known) {
  const ThreadLayout& layout = layout_.threads;
  auto bytes = cache_.bytes(known.address, layout.thread_bytes);
  if (!bytes) return std::nullopt;
  JavaThread thread;
  thread.address = known.address;
  thread.tid = known.tid;
  thread.pending_monitor = static_cast<Address>(layout.pending_monitor.in(*bytes));
  thread.waiting_monitor = static_cast<Address>(layout.waiting_monitor.in(*bytes));
  thread.owner_id = layout.owner_id.in(*bytes);
  thread.stack_high = static_cast<Address>(layout.stack_base.in(*bytes));
  thread.stack_low = thread.stack_high - static_cast<Address>(layout.stack_size.in(*bytes));
  thread.lock_stack = lock_stack(layout, *bytes);
  auto object = java_object(*bytes);
  if (!object) return thread;
  thread.object = object->address;
  JavaClass& of_thread = *thread_class_;
  auto name = objects_.reference(*object, of_thread, "name");
  if (name) thread.name = objects_.string(*name).value_or("");
  thread.park_blocker = objects_.reference(*object, of_thread, "parkBlocker").value_or(0);
  // From 19 on, what is not of virtual threads is in an object of its own.
  auto holder_at = objects_.reference(*object, of_thread, "holder");
  auto holder = holder_at ? objects_.object(*holder_at) : std::nullopt;
  const JavaObject& rest = holder ? *holder : *object;
  JavaClass& of_rest = holder ? *holder->of : of_thread;
  auto daemon = objects_.number<uint8_t>(rest, of_rest, "daemon");
  if (daemon) thread.is_daemon = *daemon != 0;
  thread.status = status_of(objects_.number<int32_t>(rest, of_rest, "threadStatus"));
  return thread;
}

std::vector<JavaThread> JavaThreads::read() {
  std::vector<JavaThread> threads;
  for (const Known& known : list()) {
    if (auto thread = read(known)) threads.push_back(std::move(*thread));
  }
  return threads;
}

}  // namespace rtprof::jvm
