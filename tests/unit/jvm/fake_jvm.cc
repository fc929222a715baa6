#include "tests/unit/jvm/fake_jvm.h"

#include "tests/unit/jvm/hotspot.h"

namespace rtprof::test {
namespace {

constexpr Address kArray = 0x1000;
constexpr Address kPointers = 0x1100;
constexpr Address kHeap = 0x2000;
constexpr Address kBlockHeader = 16;
constexpr Address kBlobHeader = 128;

}  // namespace

FakeJvm::FakeJvm() : layout(hotspot_17_layout()) {
  memory.set(layout.code_heaps, kArray);
  memory.map(kArray, 32);
  memory.set(kArray, int32_t{1});
  memory.set(kArray + 8, kPointers);
  memory.set(kPointers, kHeap);
  memory.map(kHeap, 256);
  Address end = kCode + kSegments * kSegment;
  const Address boundaries[] = {kCode, end, kCode, end};
  const Address map_boundaries[] = {kMap, kMap + kSegments, kMap, kMap + kSegments};
  for (size_t i = 0; i < 4; ++i) {
    memory.set(kHeap + i * 8, boundaries[i]);
    memory.set(kHeap + 64 + i * 8, map_boundaries[i]);
  }
  memory.set(kHeap + 128, int32_t{7});
  memory.map(kCode, kSegments * kSegment);
  memory.put(kMap, std::vector<uint8_t>(kSegments, 0xff));
  set_call_stub_return(0);
}

Address FakeJvm::add(size_t segment, const Blob& blob) {
  for (size_t i = 0; i < blob.segments; ++i) memory.set(kMap + segment + i, static_cast<uint8_t>(i));
  Address block = kCode + segment * kSegment;
  Address start = block + kBlockHeader;
  Address code = start + kBlobHeader;
  Address end = block + blob.segments * kSegment;
  memory.set(block, uint64_t{blob.segments});
  memory.set(block + 8, uint8_t{1});
  memory.put(code, std::vector<uint8_t>(end - code, 0x90));
  Address name = next_;
  next_ += 0x100;
  memory.map(name, 0x100);
  memory.put(name, blob.name);
  memory.set(start + 8, name);
  memory.set(start + 16, static_cast<int32_t>(end - start));
  memory.set(start + 20, blob.frame_words);
  memory.set(start + 24, int32_t{0});
  memory.set(start + 32, code);
  memory.set(start + 40, end);
  memory.set(start + 48, blob.method);
  memory.set(start + 72, blob.compile_id);
  memory.set(start + 76, blob.level);
  return code;
}

void FakeJvm::free(size_t segment, size_t segments) {
  for (size_t i = 0; i < segments; ++i) memory.set(kMap + segment + i, uint8_t{0xff});
  memory.set(kCode + segment * kSegment + 8, uint8_t{0});
}

void FakeJvm::put_call(Address return_address, Address target) {
  memory.put(return_address - 5, std::vector<uint8_t>{0xe8});
  memory.set(return_address - 4, static_cast<int32_t>(target - return_address));
}

Address FakeJvm::add_symbol(std::string_view text) {
  Address symbol = next_symbol_;
  next_symbol_ += 0x100;
  memory.map(symbol, 0x100);
  memory.set(symbol + 4, static_cast<uint16_t>(text.size()));
  memory.put(symbol + 6, text);
  return symbol;
}

Address FakeJvm::add_method(Address method, std::string_view holder, std::string_view name,
                            uint16_t code_bytes) {
  Address const_method = next_;
  Address pool = next_ + 0x100;
  Address tags = next_ + 0x200;
  Address klass = next_ + 0x300;
  next_ += 0x400;
  memory.map(const_method, 0x400);
  memory.set(method + 8, const_method);
  memory.set(const_method + 8, pool);
  memory.set(const_method + 18, code_bytes);
  memory.set(const_method + 20, uint16_t{1});
  memory.set(const_method + 22, uint16_t{2});
  memory.set(pool + 8, tags);
  memory.set(pool + 16, klass);
  memory.set(pool + 24, int32_t{3});
  memory.set(tags + 4 + 1, uint8_t{1});
  memory.set(tags + 4 + 2, uint8_t{1});
  memory.set(pool + 32 + 8, add_symbol(name));
  memory.set(pool + 32 + 16, add_symbol("()V"));
  memory.set(klass + 24, add_symbol(holder));
  return const_method + 32;
}

}  // namespace rtprof::test
