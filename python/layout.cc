#include "python/layout.h"

#include <fmt/core.h>

#include <algorithm>

namespace rtprof {
namespace {

constexpr uint8_t kOldestMinor = 8;
constexpr uint8_t kNewestMinor = 15;

// Fields that all versions up to 3.12 have in the same place.
PythonLayout common_before_3_13() {
  PythonLayout layout;
  rt_py_walk& walk = layout.walk;
  walk.interp_gil = kNoOffset;
  walk.gil_last_holder = 8;
  walk.gil_locked = 16;
  walk.interp_next = 0;
  walk.thread_next = 8;
  walk.thread_interp = 16;
  walk.cframe_frame = kNoOffset;
  walk.frame_owner = kNoOffset;
  walk.frame_entry = kNoOffset;
  walk.frame_tlbc = kNoOffset;
  walk.object_type = 8;
  walk.code_mask = ~uint64_t{0};
  layout.thread.previous = 0;
  layout.bytes = {.length = 16, .data = 32};
  layout.container = {.object_size = 16,
                      .size = 16,
                      .tuple_items = 24,
                      .list_items = 24,
                      .dict_used = 16,
                      .dict_keys = 32,
                      .dict_values = 40,
                      .type_name = 24,
                      .type_basic_size = 32,
                      .type_flags = 168,
                      .type_dict = 264,
                      .type_dict_offset = 288,
                      .long_value = 16,
                      .long_digits = 24,
                      .float_value = 16,
                      .set_used = 24,
                      .set_mask = 32,
                      .set_table = 40,
                      .cell_value = 16};
  return layout;
}

constexpr StringLayout kStringBefore312 = {
    .length = 16, .state = 32, .kind_shift = 2, .ascii_size = 48, .compact_size = 72, .data_pointer = 72};
constexpr DictKeysLayout kDictKeysBefore311 = {.slots = 8, .entries = 32, .indices = 40};
constexpr DictKeysLayout kDictKeys311 = {.log2_index_bytes = 9, .kind = 10, .entries = 24, .indices = 32};
constexpr StringLayout kString312 = {
    .length = 16, .state = 32, .kind_shift = 2, .ascii_size = 40, .compact_size = 56, .data_pointer = 56};

// Include/internal/pycore_pystate.h, pycore_runtime.h, pycore_interp.h, Include/cpython/pystate.h,
// Include/frameobject.h, Include/code.h of 3.8 to 3.10, x86-64.
PythonLayout layout_3_8() {
  PythonLayout layout = common_before_3_13();
  rt_py_walk& walk = layout.walk;
  walk.runtime_interpreters_head = 32;
  walk.interp_threads_head = 8;
  walk.thread_id = 176;
  walk.thread_frame = 24;
  walk.frame_back = 24;
  walk.frame_code = 32;
  walk.frame_size = 112;
  walk.frame_ip = 104;
  walk.frame_ip_size = 4;
  layout.runtime_finalizing = 16;
  layout.runtime_gil = 1152;
  layout.interp_id = 16;
  layout.interp_modules = 56;
  layout.frame_locals = 360;
  layout.container.type_qualname = 864;
  layout.container.type_cached_keys = 872;
  layout.dict_keys = kDictKeysBefore311;
  layout.locals = {.code_slot_count = 28,
                   .code_argument_count = 16,
                   .code_keyword_argument_count = 24,
                   .code_flags = 36,
                   .code_names = 72,
                   .code_cell_names = 88,
                   .code_free_names = 80};
  layout.generator = {.frame = 16, .frame_is_pointer = true, .stack_pointer = 72, .stack_base = 64};
  layout.task = {.loop = 16, .coroutine = 112, .name = 120};
  layout.instruction_pointer = InstructionPointer::kByteIndex;
  layout.line_table = LineTableFormat::kLnotab;
  layout.code = {.name = 112, .filename = 104, .line_table = 120, .first_line = 40};
  layout.string = kStringBefore312;
  return layout;
}

PythonLayout layout_3_9() {
  PythonLayout layout = layout_3_8();
  layout.runtime_gil = 352;
  layout.interp_id = 24;
  layout.interp_modules = 856;
  layout.task = {.loop = 16, .coroutine = 152, .name = 160};
  layout.container.type_qualname = 856;
  layout.container.type_cached_keys = 864;
  return layout;
}

PythonLayout layout_3_10() {
  PythonLayout layout = layout_3_9();
  layout.walk.frame_size = 104;
  layout.walk.frame_ip = 96;
  layout.frame_locals = 352;
  layout.generator = {.frame = 16, .frame_is_pointer = true, .stack_depth = 80, .stack_base = 64};
  layout.task = {.loop = 16, .coroutine = 160, .name = 168};
  layout.container.type_qualname = 864;
  layout.container.type_cached_keys = 872;
  layout.instruction_pointer = InstructionPointer::kUnitIndex;
  layout.line_table = LineTableFormat::kLineTable;
  return layout;
}

// Include/internal/pycore_runtime.h, pycore_interp.h, pycore_frame.h, Include/cpython/pystate.h, code.h of
// 3.11 and 3.12, x86-64.
PythonLayout layout_3_11() {
  PythonLayout layout = common_before_3_13();
  rt_py_walk& walk = layout.walk;
  walk.runtime_interpreters_head = 40;
  walk.interp_threads_head = 16;
  walk.thread_id = 152;
  walk.thread_frame = 56;
  walk.cframe_frame = 8;
  walk.frame_size = 72;
  walk.frame_back = 48;
  walk.frame_code = 32;
  walk.frame_ip = 56;
  walk.frame_ip_size = 8;
  walk.frame_owner = 69;
  walk.frame_entry = 68;
  layout.runtime_finalizing = 24;
  layout.runtime_gil = 360;
  layout.interp_id = 48;
  layout.interp_modules = 888;
  layout.thread.native_thread_id = 160;
  layout.thread.datastack_chunk = 296;
  layout.frame_locals = 72;
  layout.code = {
      .name = 120, .qualname = 128, .filename = 112, .line_table = 136, .first_line = 72, .bytecode = 184};
  layout.string = kStringBefore312;
  layout.container.type_qualname = 864;
  layout.container.type_cached_keys = 872;
  layout.dict_keys = kDictKeys311;
  layout.attributes = {.dict = -24, .values = -32};
  layout.generator = {.frame = 80, .state = 75, .created = -2, .stack_depth = 64};
  layout.task = {.loop = 16, .coroutine = 136, .name = 144};
  layout.locals = {.code_slot_count = 76,
                   .code_argument_count = 56,
                   .code_keyword_argument_count = 64,
                   .code_flags = 48,
                   .code_names = 96,
                   .code_kinds = 104};
  return layout;
}

PythonLayout layout_3_12() {
  PythonLayout layout = layout_3_11();
  rt_py_walk& walk = layout.walk;
  walk.interp_threads_head = 72;
  walk.interp_gil = 384;
  walk.thread_id = 136;
  walk.cframe_frame = 0;
  walk.frame_back = 8;
  walk.frame_code = 0;
  walk.frame_owner = 70;
  walk.frame_entry = kNoOffset;
  walk.shim_owners = 1 << 3;  // FRAME_OWNED_BY_CSTACK
  layout.runtime_gil = kNoOffset;
  layout.interp_id = 8;
  layout.interp_modules = 944;
  layout.thread.native_thread_id = 144;
  layout.thread.datastack_chunk = 232;
  layout.thread.status = 24;
  layout.thread.status_active_bit = 4;
  layout.code.first_line = 68;
  layout.code.bytecode = 192;
  layout.string = kString312;
  layout.container.type_qualname = 872;
  layout.container.type_cached_keys = 880;
  layout.container.long_is_tagged = true;
  layout.attributes = {.dict = -24, .dict_or_values = true};
  layout.generator.frame = 72;
  layout.generator.state = 67;
  layout.locals.code_slot_count = 72;
  layout.locals.code_argument_count = 52;
  layout.locals.code_keyword_argument_count = 60;
  return layout;
}

struct Table {
  uint8_t minor;
  PythonLayout (*make)();
};

constexpr Table kTables[] = {
    {8, layout_3_8}, {9, layout_3_9}, {10, layout_3_10}, {11, layout_3_11}, {12, layout_3_12}};

}  // namespace

std::string unsupported_reason(const PythonVersion& version) {
  std::string supported = fmt::format("3.{} to 3.{} are supported", kOldestMinor, kNewestMinor);
  if (version.major < 3 || (version.major == 3 && version.minor < kOldestMinor)) {
    return fmt::format("CPython {} is too old; {}", version.text(), supported);
  }
  if (version.major > 3 || version.minor > kNewestMinor) {
    return fmt::format("CPython {} is newer than this program; {}", version.text(), supported);
  }
  if (version.level == PythonVersion::kAlpha || version.level == PythonVersion::kBeta) {
    return fmt::format("CPython {} is a pre-release whose structures are not known; {}", version.text(),
                       supported);
  }
  return {};
}

Result<PythonLayout> layout_of(const PythonVersion& version) {
  if (std::string reason = unsupported_reason(version); !reason.empty()) return Failure{reason};
  const auto* table = std::find_if(std::begin(kTables), std::end(kTables),
                                   [&](const Table& candidate) { return candidate.minor == version.minor; });
  if (table == std::end(kTables)) {
    return Failure{fmt::format("CPython {} without its debug offsets", version.text())};
  }
  PythonLayout layout = table->make();
  layout.version = version;
  return layout;
}

}  // namespace rtprof
