#include "jvm/allocation_traces.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <vector>

#include "common/elf/elf_file.h"
#include "common/elf/modules.h"
#include "jvm/vm_flags.h"
#include "native/binary.h"
#include "native/debug_files.h"

namespace rtprof::jvm {
namespace {

using agents::jvm::AllocationTraces;

// AllocTracer's functions (share/vm/gc_interface/allocTracer.hpp) by release.
struct Functions {
  const char* new_buffer;
  const char* outside;
  uint32_t sizes_at;  // the argument
};
constexpr const char* kFullBuffer = "_ZN13CollectedHeap23allocate_from_tlab_slowE11KlassHandleP6Threadm";
constexpr Functions kFunctions[] = {
    // From 8u262 on, which has the recorder of JDK 11: Klass*, the object, sizes, Thread*.
    {"_ZN11AllocTracer33send_allocation_in_new_tlab_eventE11KlassHandleP8HeapWordmmP6Thread",
     "_ZN11AllocTracer34send_allocation_outside_tlab_eventE11KlassHandleP8HeapWordmP6Thread", 2},
    // Klass*, sizes.
    {"_ZN11AllocTracer33send_allocation_in_new_tlab_eventE11KlassHandlemm",
     "_ZN11AllocTracer34send_allocation_outside_tlab_eventE11KlassHandlem", 1},
};

// The files that have symbols of a binary.
std::vector<ElfFile> files_with_symbols(const Process& process, const Module& module, ElfFile file) {
  std::vector<ElfFile> files;
  native::Binary binary(process, module.mappings.front());
  UniqueFd debug = native::open_debug_file(binary, file);
  if (debug.valid()) {
    if (auto separate = ElfFile::open(fmt::format("/proc/self/fd/{}", debug.get())))
      files.push_back(std::move(*separate));
  }
  if (auto bytes = native::unpack_debug_data(file)) {
    if (auto packed = ElfFile::from_bytes(std::move(*bytes))) files.push_back(std::move(*packed));
  }
  files.insert(files.begin(), std::move(file));
  return files;
}

bool find_functions(const std::vector<ElfFile>& files, uint64_t bias, AllocationTraces& traces) {
  for (const ElfFile& file : files) {
    auto full_buffer = file.symbol(kFullBuffer);
    if (!full_buffer) continue;
    for (const Functions& each : kFunctions) {
      auto new_buffer = file.symbol(each.new_buffer);
      auto outside = file.symbol(each.outside);
      if (!new_buffer || !outside) continue;
      traces.full_buffer = bias + full_buffer->address;
      traces.new_buffer = bias + new_buffer->address;
      traces.outside = bias + outside->address;
      traces.sizes_at = each.sizes_at;
      return true;
    }
  }
  return false;
}

bool find_functions(const Process& process, AllocationTraces& traces) {
  std::vector<Module> modules = modules_of(process);
  auto module = std::find_if(modules.begin(), modules.end(), [](const Module& each) {
    return each.path.find("/libjvm.so") != std::string::npos;
  });
  if (module == modules.end()) return false;
  auto file = ElfFile::open(module->readable_path);
  auto bias = file ? module->load_bias(*file) : std::nullopt;
  return bias && find_functions(files_with_symbols(process, *module, std::move(*file)), *bias, traces);
}

// What HotSpot keeps free at the end of a buffer: for what is fetched ahead, or at least for the header of an
// array that fills the rest (ThreadLocalAllocBuffer::end_reserve).
uint32_t reserve_of(const Process& process, const Layout& layout) {
  constexpr uint32_t kMostWords = 1024, kWordBytes = 8;
  constexpr std::string_view kName[] = {"UseCompressedClassPointers"};
  auto flags = boolean_flags(process.memory(), layout.objects, kName);
  auto found = flags.find(kName[0]);
  uint32_t least = found != flags.end() && found->second ? 2 : 3;
  auto words =
      layout.buffer_reserve != 0 ? process.memory().get<int32_t>(layout.buffer_reserve) : std::nullopt;
  bool is_known = words && *words >= 0 && static_cast<uint32_t>(*words) <= kMostWords;
  return kWordBytes * (is_known ? std::max(least, static_cast<uint32_t>(*words)) : least);
}

bool fill_members(const Layout& layout, AllocationTraces& traces) {
  bool is_described =
      layout.buffer_refills.exists() && layout.buffer_desired.exists() && layout.buffer_waste.exists();
  if (!is_described || allocated_bytes(layout).counted == 0) return false;
  traces.refills = layout.buffer.offset + layout.buffer_refills.offset;
  traces.desired_words = layout.buffer.offset + layout.buffer_desired.offset;
  traces.waste_words = layout.buffer.offset + layout.buffer_waste.offset;
  traces.klass_name = layout.klass_name.offset;
  traces.symbol_length = layout.symbol_length.offset;
  traces.symbol_body = layout.symbol_body;
  return true;
}

// Without them compiled code takes what it needs from the heap, and nobody is told.
bool has_buffers(const Process& process, const Layout& layout) {
  constexpr std::string_view kName[] = {"UseTLAB"};
  auto flags = boolean_flags(process.memory(), layout.objects, kName);
  auto found = flags.find(kName[0]);
  return found == flags.end() || found->second;
}

AllocationTraceSearch denied(std::string reason, std::string fix) {
  return {std::nullopt, {std::move(reason), std::move(fix)}};
}

}  // namespace

agents::jvm::AllocatedBytes allocated_bytes(const Layout& layout) {
  for (const Member& each : {layout.allocated_bytes, layout.buffer, layout.buffer_start, layout.buffer_top}) {
    if (!each.exists()) return {};
  }
  return {layout.allocated_bytes.offset, layout.buffer.offset + layout.buffer_start.offset,
          layout.buffer.offset + layout.buffer_top.offset};
}

AllocationTraceSearch find_allocation_traces(const Process& process, const Layout& layout) {
  constexpr const char* kOthers = "-e cpu, -e wall and -e lock do without";
  AllocationTraces traces;
  if (!fill_members(layout, traces))
    return denied("its HotSpot does not describe how threads allocate", kOthers);
  traces.buffer_reserve = reserve_of(process, layout);
  if (!has_buffers(process, layout))
    return denied("it was started with -XX:-UseTLAB, where HotSpot does not trace allocations", kOthers);
  if (!find_functions(process, traces))
    return denied(
        fmt::format("JDK {} does not sample allocations for agents, as JDK 11 does, and what traces "
                    "them in its libjvm.so is not to be found without symbols",
                    layout.version.text),
        fmt::format("install the debug symbols of this build (Debian: openjdk-8-dbg); {}", kOthers));
  return {traces, {}};
}

}  // namespace rtprof::jvm
