#include "tests/unit/jvm/fake_heap.h"

#include <string>

namespace rtprof::test {
namespace {

using jvm::Member;

// Where things are. Classes are 1 KiB apart, as compact headers have them.
constexpr Address kClassBase = 0x800000000;
constexpr Address kClassBytes = 0x400;
constexpr Address kObjects = 0x700000000;
constexpr Address kOthers = 0x50000000;
constexpr Address kVariables = 0x40000000;
constexpr Address kFlags = 0x41000000;
constexpr Address kFlagBytes = 0x100;
constexpr Address kZGlobals = 0x42000000;
constexpr Address kThreadList = 0x43000000;
constexpr Address kMostThreads = 64;

constexpr uint32_t kOopShift = 3;
constexpr uint32_t kClassShift = 3;
constexpr uint32_t kCompactClassShift = 10;
constexpr uint32_t kShiftInMark = 42;

// Of a Klass.
constexpr Address kShape = 8, kCheckOffset = 12, kSupers = 128, kSuper = 104;
constexpr Address kConstants = 112, kFieldRecords = 120, kFieldCount = 264;
// What a class has of its depth below Object.
constexpr Address kDepths = 8;

constexpr uint8_t kByteType = 8;
// Of generational ZGC: the first of the four bits, and the address begins above it.
constexpr uint32_t kLowColourBit = 12;

}  // namespace

FakeHeap::FakeHeap(const Ways& ways)
    : ways_(ways), next_class_(kClassBase + kClassBytes), next_object_(kObjects), next_other_(kOthers) {
  memory.map(kVariables, 0x100);
  describe_objects();
  describe_threads();
  add_flags();
  add_z_globals();
  object_class_ = add_class("java/lang/Object", 0, {});
  memory.set(layout.objects.object_class, object_class_);
  string_class_ = add_class("java/lang/String", object_class_, {{"value", 16}, {"coder", 24}});
  memory.set(layout.objects.string_class, string_class_);
  thread_class_ = add_class("java/lang/Thread", object_class_,
                            {{"name", kName},
                             {"parkBlocker", kBlocker},
                             {"threadStatus", kStatus},
                             {"daemon", kDaemon},
                             {"tid", kThreadId}});
  memory.set(layout.objects.thread_class, thread_class_);
  bytes_class_ = add_class("[B", object_class_, {});
  const uint32_t array_begin = 24;
  memory.set(bytes_class_ + kShape,
             static_cast<int32_t>(0xc0000000 | array_begin << 16 | uint32_t{kByteType} << 8));
}

Address FakeHeap::take(Address& next, size_t size) {
  Address address = next;
  next += size;
  memory.map(address, size);
  return address;
}

void FakeHeap::describe_objects() {
  jvm::ObjectLayout& objects = layout.objects;
  objects.missing.clear();
  objects.klass_layout_helper = Member{kShape, 4, false};
  objects.klass_check_offset = Member{kCheckOffset, 4, true};
  objects.klass_primary_supers = Member{kSupers, 8, true};
  objects.klass_super = Member{kSuper, 8, true};
  objects.class_constants = Member{kConstants, 8, true};
  objects.class_fields = Member{kFieldRecords, 8, true};
  objects.class_field_count = Member{kFieldCount, 2, true};
  objects.flag_name = Member{0, 8, true};
  objects.flag_value = Member{8, 8, true};
  objects.flag_bytes = 16;
  objects.klass_shift_in_mark = kShiftInMark;
  Address variable = kVariables;
  for (Address jvm::ObjectLayout::*each :
       {&jvm::ObjectLayout::narrow_oop_base, &jvm::ObjectLayout::narrow_oop_shift,
        &jvm::ObjectLayout::narrow_klass_base, &jvm::ObjectLayout::narrow_klass_shift,
        &jvm::ObjectLayout::object_class, &jvm::ObjectLayout::string_class, &jvm::ObjectLayout::thread_class,
        &jvm::ObjectLayout::flags, &jvm::ObjectLayout::flag_count}) {
    objects.*each = variable;
    variable += sizeof(Address);
  }
  memory.set(objects.narrow_oop_shift, kOopShift);
  memory.set(objects.narrow_klass_base, kClassBase);
  memory.set(objects.narrow_klass_shift, ways_.compact_headers ? kCompactClassShift : kClassShift);
}

void FakeHeap::describe_threads() {
  jvm::ThreadLayout& threads = layout.threads;
  threads.missing.clear();
  threads.list = kThreadList;
  threads.list_length = Member{0, 4, true};
  threads.list_threads = Member{8, 8, true};
  threads.thread_bytes = kThreadBytes;
  threads.java_thread = Member{8, 8, true};
  threads.java_thread_is_handle = true;
  threads.os_thread = Member{16, 8, true};
  threads.pending_monitor = Member{kPendingMonitor, 8, true};
  threads.waiting_monitor = Member{kWaitingMonitor, 8, true};
  threads.stack_base = Member{40, 8, true};
  threads.stack_size = Member{48, 8, true};
  threads.os_id = Member{8, 4, false};
  threads.monitor_object = Member{8, 8, true};
  threads.monitor_owner = Member{16, 8, true};
  threads.monitor_object_is_handle = true;
  write_list();
}

void FakeHeap::add_flags() {
  const std::pair<std::string, bool> flags[] = {
      {"UseCompressedOops", ways_.compressed_oops},
      {"UseCompressedClassPointers", ways_.compressed_classes},
      {"UseCompactObjectHeaders", ways_.compact_headers},
      {"UseZGC", ways_.z_without_generations || ways_.z_with_generations},
      {"ZGenerational", ways_.z_with_generations},
  };
  memory.set(layout.objects.flags, kFlags);
  memory.set(layout.objects.flag_count, uint64_t{std::size(flags)});
  memory.map(kFlags, std::size(flags) * layout.objects.flag_bytes);
  Address at = kFlags;
  for (const auto& [name, value] : flags) {
    Address flag = take(next_other_, kFlagBytes);
    memory.set(flag, value);
    memory.put(flag + 8, name);
    memory.set(at, flag + 8);
    memory.set(at + 8, flag);
    at += layout.objects.flag_bytes;
  }
}

// ZGlobalsForVMStructs and what it leads to.
void FakeHeap::add_z_globals() {
  jvm::ZLayout& z = layout.objects.z;
  z.globals = kZGlobals;
  (ways_.z_with_generations ? z.load_good_mask : z.good_mask) = Member{0, 8, true};
  z.offset_mask = Member{8, 8, true};
  z.weak_bad_mask = Member{16, 8, true};
  Address structure = take(next_other_, 64);
  memory.set(kZGlobals, structure);
  const uint64_t good = ways_.z_with_generations ? uint64_t{1} << kLowColourBit : kHighGood;
  const uint64_t values[] = {good, kHighOffsetMask, kHighBad};
  for (size_t i = 0; i < std::size(values); ++i) {
    Address variable = take(next_other_, 8);
    memory.set(structure + i * 8, variable);
    memory.set(variable, values[i]);
  }
  good_mask_ = *memory.pointer(structure);
  bad_mask_ = *memory.pointer(structure + 16);
}

Address FakeHeap::add_class(std::string_view name, Address super, std::initializer_list<Field> fields) {
  Address klass = take(next_class_, kClassBytes);
  memory.set(klass + 24, jvm.add_symbol(name));
  memory.set(klass + kShape, static_cast<int32_t>(kObjectBytes));
  memory.set(klass + kSuper, super);
  // Its superclasses, from Object on, and itself.
  Address depth = 0;
  while (super != 0 && depth < kDepths) {
    auto above = memory.get<Address>(super + kSupers + depth * 8);
    if (!above || *above == 0) break;
    memory.set(klass + kSupers + depth * 8, *above);
    ++depth;
  }
  memory.set(klass + kSupers + depth * 8, klass);
  memory.set(klass + kCheckOffset, static_cast<uint32_t>(kSupers + depth * 8));

  Address pool = take(next_other_, 0x100);
  Address tags = take(next_other_, 0x40);
  Address records = take(next_other_, 0x100);
  memory.set(klass + kConstants, pool);
  memory.set(klass + kFieldRecords, records);
  memory.set(klass + kFieldCount, static_cast<uint16_t>(fields.size()));
  memory.set(pool + 8, tags);
  memory.set(pool + 24, static_cast<int32_t>(fields.size() + 1));
  memory.set(records, static_cast<uint32_t>(fields.size() * 6));
  uint16_t index = 1;
  for (const Field& field : fields) {
    memory.set(tags + 4 + index, uint8_t{1});
    memory.set(pool + 32 + index * 8, jvm.add_symbol(field.name));
    Address record = records + 4 + (index - 1) * 12;
    memory.set(record + 2, index);
    memory.set(record + 8, static_cast<uint16_t>(field.offset << 2 | 1));
    ++index;
  }
  return klass;
}

void FakeHeap::set_class(Address object, Address klass) {
  if (ways_.compact_headers) {
    memory.set(object, (klass - kClassBase) >> kCompactClassShift << kShiftInMark | 1);
  } else if (ways_.compressed_classes) {
    memory.set(object, uint64_t{1});
    memory.set(object + 8, static_cast<uint32_t>((klass - kClassBase) >> kClassShift));
  } else {
    memory.set(object, uint64_t{1});
    memory.set(object + 8, klass);
  }
}

Address FakeHeap::add_object(Address klass) {
  Address object = take(next_object_, kObjectBytes);
  // ZGC without generations maps what it has under the address with the colour.
  if (ways_.z_without_generations) {
    object = (object & kHighOffsetMask) | good_;
    memory.map(object, kObjectBytes);
  }
  objects_.push_back(object);
  set_class(object, klass);
  return object;
}

Address FakeHeap::add_string(std::string_view latin1) {
  Address string = add_object(string_class_);
  Address array = add_object(bytes_class_);
  uint32_t length_at = 16;
  if (ways_.compressed_classes) length_at = 12;
  if (ways_.compact_headers) length_at = 8;
  memory.set(array + length_at, static_cast<uint32_t>(latin1.size()));
  memory.put(array + 24, latin1);
  set_reference(string, 16, array);
  return string;
}

void FakeHeap::move(Address from, Address to) {
  memory.set(from, to | 3);
}

void FakeHeap::recolour() {
  good_ = good_ == kHighGood ? kHighBad : kHighGood;
  memory.set(good_mask_, good_);
  memory.set(bad_mask_, kHighGood ^ kHighBad ^ good_);
  for (Address& object : objects_) {
    Address other = (object & kHighOffsetMask) | good_;
    memory.put(other, *memory.bytes(object, kObjectBytes));
    object = other;
  }
}

uint64_t FakeHeap::reference_to(Address object) const {
  if (object == 0) return 0;
  return ways_.z_with_generations ? object << (kLowColourBit + 1) | uint64_t{1} << kLowColourBit : object;
}

void FakeHeap::set_reference(Address object, uint32_t offset, Address to) {
  bool is_narrow = ways_.compressed_oops && !ways_.z_without_generations && !ways_.z_with_generations;
  if (is_narrow) {
    memory.set(object + offset, static_cast<uint32_t>(to >> kOopShift));
  } else {
    memory.set(object + offset, reference_to(to));
  }
}

Address FakeHeap::add_root(Address to) {
  Address slot = take(next_other_, 8);
  memory.set(slot, reference_to(to));
  return slot;
}

void FakeHeap::write_list() {
  Address list = take(next_other_, 16);
  Address threads = take(next_other_, kMostThreads * 8);
  for (size_t i = 0; i < threads_.size(); ++i) memory.set(threads + i * 8, threads_[i]);
  memory.set(list, static_cast<uint32_t>(threads_.size()));
  memory.set(list + 8, threads);
  memory.set(kThreadList, list);
}

FakeHeap::Thread FakeHeap::add_thread(pid_t tid, std::string_view name) {
  Thread thread{take(next_other_, kThreadBytes), add_object(thread_class_)};
  set_reference(thread.object, kName, add_string(name));
  Address os_thread = take(next_other_, 16);
  memory.set(os_thread + 8, tid);
  memory.set(thread.address + 8, add_root(thread.object));
  memory.set(thread.address + 16, os_thread);
  memory.set(thread.address + 40, kStackLow + (threads_.size() + 1) * kStackBytes);
  memory.set(thread.address + 48, kStackBytes);
  threads_.push_back(thread.address);
  write_list();
  return thread;
}

void FakeHeap::set_status(const Thread& thread, int32_t status) {
  memory.set(thread.object + kStatus, status);
}

Address FakeHeap::add_monitor(Address object, Address owner) {
  Address monitor = take(next_other_, 32);
  memory.set(monitor + 8, add_root(object));
  memory.set(monitor + 16, owner);
  return monitor;
}

}  // namespace rtprof::test
