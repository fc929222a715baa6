#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <span>

#include "jvm/java_threads.h"
#include "jvm/thread_waits.h"
#include "tests/fuzz/arbitrary_memory.h"
#include "tests/unit/jvm/hotspot.h"

namespace {

using rtprof::Address;
using rtprof::jvm::Member;

// HotSpot's flags and how it compresses, which the fuzzer would not find: a page of their own in front of
// arbitrary memory.
class JvmMemory final : public rtprof::Memory {
 public:
  static constexpr Address kPage = 0x1000;
  static constexpr Address kFlags = kPage + 8;
  static constexpr Address kFlagCount = kPage + 16;
  static constexpr Address kCompression = kPage + 24;  // of references and of classes: base and shift
  static constexpr uint32_t kFlagBytes = 16;

  JvmMemory(const rtprof::Memory& rest, uint8_t flags, uint8_t shift) : rest_(rest) {
    const char* const kNames[] = {"UseCompressedOops", "UseCompressedClassPointers",
                                  "UseCompactObjectHeaders", "UseZGC", "ZGenerational"};
    uint64_t count = std::size(kNames);
    Address first = kPage + 64;
    Address names = kPage + 512;
    put(kFlags, first);
    put(kFlagCount, count);
    put(kCompression + 8, uint64_t{shift});
    for (size_t i = 0; i < count; ++i, names += 64) {
      put(first + i * kFlagBytes, names);
      put(first + i * kFlagBytes + 8, kPage + 1024 + i);
      std::memcpy(bytes_ + (names - kPage), kNames[i], std::strlen(kNames[i]));
      bytes_[1024 + i] = flags >> i & 1;
    }
  }
  bool read(Address address, void* destination, size_t size) const override {
    bool is_own = address >= kPage && size <= sizeof bytes_ && address - kPage <= sizeof bytes_ - size;
    if (is_own) std::memcpy(destination, bytes_ + (address - kPage), size);
    return is_own || rest_.read(address, destination, size);
  }
  size_t read_batch(std::span<const rtprof::MemoryRange> ranges) const override {
    size_t done = 0;
    while (done < ranges.size() && read(ranges[done].address, ranges[done].destination, ranges[done].size))
      ++done;
    return done;
  }

 private:
  void put(Address address, uint64_t value) { std::memcpy(bytes_ + (address - kPage), &value, sizeof value); }

  const rtprof::Memory& rest_;
  uint8_t bytes_[4096] = {};
};

// Offsets and sizes of the fuzzer's choice, all close together: memory repeats itself.
class Offsets {
 public:
  explicit Offsets(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  Member member(uint8_t size) { return {next(), size, true}; }
  uint8_t next() {
    uint8_t byte = bytes_[at_ % bytes_.size()];
    ++at_;
    return byte;
  }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

void choose(rtprof::jvm::ZLayout& layout, Offsets offsets) {
  layout.globals = 0x40000 + offsets.next();
  layout.collected_heap = 0x50000 + offsets.next();
  layout.heap_bytes = 512;
  layout.granule_shift = 21;
  layout.forwarding_bytes = 64;
  for (Member* each : {&layout.offset_mask, &layout.good_mask, &layout.weak_bad_mask, &layout.heap,
                       &layout.page_allocator, &layout.page_table, &layout.forwardings,
                       &layout.forwarding_start, &layout.alignment_shift, &layout.entry_count})
    *each = offsets.member(8);
  // Whether there are generations.
  if (offsets.next() % 2 != 0) layout.load_good_mask = offsets.member(8);
}

void choose(rtprof::jvm::ObjectLayout& layout, Offsets offsets, bool stream) {
  layout.missing.clear();
  for (Member* each : {&layout.klass_super, &layout.klass_primary_supers, &layout.class_constants})
    *each = offsets.member(8);
  layout.klass_check_offset = offsets.member(4);
  layout.klass_layout_helper = offsets.member(4);
  layout.class_fields = layout.class_field_stream = {};
  (stream ? layout.class_field_stream : layout.class_fields) = offsets.member(8);
  layout.class_field_count = offsets.member(2);
  layout.object_class = 0x10000 + offsets.next();
  layout.string_class = 0x20000 + offsets.next();
  layout.thread_class = 0x30000 + offsets.next();
  layout.flags = JvmMemory::kFlags;
  layout.flag_count = JvmMemory::kFlagCount;
  layout.flag_bytes = JvmMemory::kFlagBytes;
  layout.flag_name = {0, 8, true};
  layout.flag_value = {8, 8, true};
  layout.narrow_oop_base = layout.narrow_klass_base = JvmMemory::kCompression;
  layout.narrow_oop_shift = layout.narrow_klass_shift = JvmMemory::kCompression + 8;
  layout.klass_shift_in_mark = 42;
  choose(layout.z, offsets);
}

void choose(rtprof::jvm::ThreadLayout& layout, Offsets offsets, bool handles) {
  layout.missing.clear();
  layout.list = 0x60000 + offsets.next();
  layout.list_length = offsets.member(1);  // few: each is a long way
  layout.list_threads = offsets.member(8);
  layout.thread_bytes = 256;
  for (Member* each : {&layout.java_thread, &layout.os_thread, &layout.stack_base, &layout.stack_size,
                       &layout.pending_monitor, &layout.waiting_monitor, &layout.lock_stack_begin,
                       &layout.monitor_object, &layout.monitor_owner})
    *each = offsets.member(8);
  layout.lock_stack = offsets.member(8);
  layout.lock_stack_top = offsets.member(4);
  layout.owner_id = handles ? offsets.member(8) : Member{};
  layout.os_id = offsets.member(4);
  layout.java_thread_is_handle = layout.monitor_object_is_handle = handles;
}

}  // namespace

// The input: how many pages are missing, which JDK's ways and flags are taken, where HotSpot's structures
// have what, and the bytes that are the target's memory. Reading its threads and objects has to end, and a
// holder has to be one of the threads.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kHead = 3 + 32;
  if (size <= kHead) return 0;
  std::span input(data, size);
  rtprof::ArbitraryMemory rest(input.subspan(kHead), input[0]);
  JvmMemory memory(rest, input[1] >> 2, input[2] % 8);
  rtprof::jvm::Layout layout = rtprof::test::hotspot_17_layout();
  choose(layout.objects, Offsets(input.subspan(3, 32)), (input[1] & 1) != 0);
  choose(layout.threads, Offsets(input.subspan(3, 32)), (input[1] & 2) != 0);
  rtprof::jvm::JavaThreads threads(memory, layout);
  if (threads.begin()) __builtin_trap();
  std::vector<rtprof::jvm::JavaThread> all = threads.read();
  for (const auto& wait : rtprof::jvm::waits_of(memory, layout, all, threads.objects())) {
    bool is_one =
        std::any_of(all.begin(), all.end(), [&](const auto& each) { return each.address == wait.holder; });
    if (wait.holder != 0 && !is_one) __builtin_trap();
  }
  // Objects that no thread leads to.
  for (rtprof::Address address = 0x10000; address < 0x10000 + size; address += 8) {
    auto object = threads.objects().object(address);
    if (object) threads.objects().reference(*object, "name");
    threads.objects().string(address);
  }
  return 0;
}
