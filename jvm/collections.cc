#include "jvm/collections.h"

#include <string_view>

#include "jvm/vm_flags.h"

namespace rtprof::jvm {
namespace {

// Which counts only those that stop the program from begin to end.
bool is_shenandoah(const Process& process, const Layout& layout) {
  constexpr std::string_view kName[] = {"UseShenandoahGC"};
  auto flags = boolean_flags(process.memory(), layout.objects, kName);
  auto found = flags.find(kName[0]);
  return found != flags.end() && found->second;
}

}  // namespace

Address collections_of(const Process& process, const Layout& layout) {
  if (layout.heap == 0 || !layout.heap_collections.exists() || is_shenandoah(process, layout)) return 0;
  auto heap = process.memory().pointer(layout.heap);
  return heap && *heap != 0 ? *heap + layout.heap_collections.offset : 0;
}

}  // namespace rtprof::jvm
