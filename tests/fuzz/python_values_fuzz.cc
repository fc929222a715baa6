// The readers of containers, variables and coroutines over arbitrary memory. The input's first bytes choose
// the version, an address to begin at and which pages are missing; the rest is the memory, repeated over the
// whole address space so that every pointer leads somewhere.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "python/containers.h"
#include "python/coroutines.h"
#include "python/frame_variables.h"
#include "python/layout.h"
#include "python/repr.h"
#include "tests/fuzz/arbitrary_memory.h"

namespace rtprof {
namespace {

// 3.8 to 3.12 from the tables; above, 3.12 with what later versions changed.
PythonLayout layout_for(uint8_t choice) {
  auto minor = static_cast<uint8_t>(8 + choice % 8);
  PythonLayout layout = *layout_of({3, std::min<uint8_t>(minor, 12)});
  if (minor <= 12) return layout;
  layout.attributes = {.dict = -24, .values_in_object = true, .values_start = 8, .values_valid = 3};
  layout.locals.tagged = minor >= 14;
  layout.generator.stack_depth = kNoOffset;
  layout.generator.stack_pointer = 64;
  layout.generator.awaited_from_top = minor >= 15 ? 2 : 1;
  return layout;
}

void check(bool holds) {
  if (!holds) __builtin_trap();
}

void read_containers(Containers& containers, Address object) {
  constexpr size_t kLimit = 32;
  if (auto dict = containers.dict(object, kLimit)) check(dict->first.size() <= kLimit);
  if (auto set = containers.set(object, kLimit)) check(set->first.size() <= kLimit);
  if (auto list = containers.list(object, kLimit)) check(list->first.size() <= kLimit);
  if (auto tuple = containers.tuple(object, kLimit)) check(tuple->first.size() <= kLimit);
  containers.find(object, "key", kLimit);
  containers.attribute(object, "name");
  containers.integer(object);
}

}  // namespace
}  // namespace rtprof

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rtprof;
  constexpr size_t kHead = 2 + sizeof(Address);
  constexpr size_t kLongestText = 4096;
  if (size < kHead + 8) return 0;
  PythonProcess python;
  python.layout = layout_for(data[0]);
  ArbitraryMemory memory({data + kHead, size - kHead}, data[1]);
  Address object = 0;
  std::memcpy(&object, data + 2, sizeof object);

  Containers containers(memory, python.layout);
  read_containers(containers, object);
  check(Repr(containers, 0).of(object).size() <= kLongestText);
  if (auto chain = coroutine_chain(containers, object)) check(chain->links.size() <= 1000);

  FrameVariables variables(memory, python);
  const rt_py_frame frames[] = {{object, 0}, {object + 8, 1}};
  const Address addresses[] = {object + 16, object + 24};
  variables.take({StackEnd::kComplete, frames, addresses});
  // A frame without a code object is left out.
  size_t expected = (frames[0].code != 0 ? 1 : 0) + (frames[1].code != 0 ? 1 : 0);
  check(variables.named().size() == expected);
  return 0;
}
