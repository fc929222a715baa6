#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "jvm/continuations.h"
#include "tests/unit/jvm/fake_heap.h"

namespace rtprof::test {

// A JVM with a thread that carries a virtual one: its JavaThread leads to a ContinuationEntry on its stack,
// that to a Continuation, and that to StackChunks.
class FakeCarrier {
 public:
  // From 24 on HotSpot describes where a JavaThread has its entry, and has the end of a chunk's frames in it;
  // before, what the root frame has of arguments.
  enum class Jdk : uint8_t { k21 = 21, k25 = 25 };

  static constexpr pid_t kTid = 71;
  static constexpr Address kEntry = FakeHeap::kStackLow + 0x8000;
  static constexpr uint32_t kEntryBytes = 48;
  // Of a JavaThread, of a ContinuationEntry, and of the objects.
  static constexpr uint32_t kThreadEntry = 64, kAnchor = 72, kEntryContinuation = 8, kEntryChunk = 16;
  static constexpr uint32_t kTail = 24, kParent = 16, kSize = 28, kSp = 32, kEnd = 36, kWhose = 40;
  static constexpr uint32_t kTarget = 32, kTargetThread = 20;

  explicit FakeCarrier(Jdk jdk, const FakeHeap::Ways& ways = {}) : heap(ways), jdk_(jdk) {
    heap.layout.version.feature = static_cast<int>(jdk);
    heap.layout.objects.class_methods = jvm::Member{kMethods, 8, true};
    heap.layout.threads.anchor = jvm::Member{kAnchor, 8, true};
    if (jdk != Jdk::k21) {
      heap.layout.threads.continuation_entry = jvm::Member{kThreadEntry, 8, true};
      heap.layout.threads.continuation_entry_bytes = kEntryBytes - sizeof(uint32_t);
    }
    Address base = heap.add_class("jdk/internal/vm/Continuation", heap.object_class(),
                                  {{"tail", kTail}, {"target", kTarget}});
    continuation_class = heap.add_class("java/lang/VirtualThread$VThreadContinuation", base, {});
    chunk_class = heap.add_class(
        "jdk/internal/vm/StackChunk", heap.object_class(),
        {{"parent", kParent}, {"size", kSize}, {"sp", kSp}, {jdk == Jdk::k21 ? "argsize" : "bottom", kEnd}});
    heap.memory.map(kMethodArray, 0x1000);
    heap.memory.set(kMethodArray, uint32_t{2});
    const std::string_view names[] = {"run", "enterSpecial"};
    for (size_t i = 0; i < std::size(names); ++i) {
      Address method = kMethodArray + (i + 1) * 0x100;
      heap.jvm.add_method(method, "jdk/internal/vm/Continuation", names[i], 0);
      heap.memory.set(kMethodArray + 8 + i * 8, method);
    }
    heap.memory.set(base + kMethods, kMethodArray);

    continuation = heap.add_object(continuation_class);
    thread = heap.add_thread(kTid, "carrier");
    Address carrier_class = heap.add_class("jdk/internal/misc/CarrierThread", heap.thread_class(), {});
    set_class_of_thread(carrier_class);
    heap.memory.map(kEntry, kEntryBytes);
    heap.memory.set(kEntry + kEntryContinuation, continuation);
    set_entry(kEntry);
  }

  // Frames are the words of its stack from the second on, the first two being their link.
  Address add_chunk(const std::vector<uint64_t>& words, Address parent = 0) {
    Address chunk = heap.add_object(chunk_class);
    heap.add_granule();  // where the stack has room
    heap.memory.put(stack_of(chunk),
                    std::span(reinterpret_cast<const uint8_t*>(words.data()), words.size() * 8));
    auto size = static_cast<uint32_t>(words.size());
    heap.memory.set(chunk + kSize, size);
    heap.memory.set(chunk + kSp, uint32_t{2});
    set_end(chunk, size);
    heap.set_reference(chunk, kParent, parent);
    heap.set_reference(chunk, kWhose, continuation);
    return chunk;
  }
  // Where its frames end, words.
  void set_end(Address chunk, uint32_t end) {
    auto size = *heap.memory.get<uint32_t>(chunk + kSize);
    heap.memory.set(chunk + kEnd, jdk_ == Jdk::k21 ? size - end : end);
  }
  void set_tail(Address chunk) { heap.set_reference(continuation, kTail, chunk); }
  // What the continuation is of, in references of 4 bytes.
  void add_virtual_thread() {
    Address thread_class = heap.add_class("java/lang/VirtualThread", heap.thread_class(), {});
    Address virtual_thread = heap.add_object(thread_class);
    heap.set_reference(virtual_thread, FakeHeap::kName, heap.add_string("virtual"));
    Address target = heap.add_object(heap.add_class("java/lang/VirtualThread$VThreadContinuation$1",
                                                    heap.object_class(), {{"val$vthread", kTargetThread}}));
    heap.set_reference(target, kTargetThread, virtual_thread);
    heap.set_reference(continuation, kTarget, target);
  }
  // Where the carrier has its entry; 0: it carries nothing.
  void set_entry(Address entry) { heap.memory.set(thread.address + kThreadEntry, entry); }
  // Of its java.lang.Thread.
  void set_class_of_thread(Address klass) {
    thread.object = heap.add_object(klass);
    heap.memory.set(thread.address + 8, heap.add_root(thread.object));
  }
  static Address stack_of(Address chunk) { return chunk + FakeHeap::kObjectBytes; }

  jvm::Continuations continuations() const {
    return {heap.memory, heap.layout, names, [] { return jvm::InnerTids(); }};
  }
  std::shared_ptr<jvm::Continuations> shared_continuations() const {
    return std::make_shared<jvm::Continuations>(heap.memory, heap.layout, names,
                                                [] { return jvm::InnerTids(); });
  }

  FakeHeap heap;
  bool names = false;  // of virtual threads are asked for
  Address continuation_class = 0, chunk_class = 0;
  Address continuation = 0;
  FakeHeap::Thread thread;

 private:
  // Of a class.
  static constexpr uint32_t kMethods = 0x140;
  static constexpr Address kMethodArray = 0x60000000;

  const Jdk jdk_;
};

}  // namespace rtprof::test
