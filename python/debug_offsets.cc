#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "python/layout.h"

// _Py_DebugOffsets: 3.13 Include/internal/pycore_runtime.h, 3.14 and 3.15
// Include/internal/pycore_debug_offsets.h.
namespace rtprof {
namespace {

constexpr char kCookie[] = "xdebugpy";
constexpr size_t kHeaderWords = 3;  // cookie, version, free_threaded

// The members of _Py_DebugOffsets that are read here; kSkip stands for all others.
enum Member : uint8_t {
  kSkip,
  kRuntimeSize,
  kRuntimeFinalizing,
  kRuntimeInterpretersHead,
  kInterpSize,
  kInterpId,
  kInterpNext,
  kInterpThreadsHead,
  kInterpModules,
  kInterpCevalGil,
  kInterpGil,
  kInterpGilLocked,
  kInterpGilHolder,
  kThreadSize,
  kThreadPrev,
  kThreadNext,
  kThreadInterp,
  kThreadFrame,
  kThreadId,
  kThreadNativeId,
  kThreadChunk,
  kThreadStatus,
  kFrameSize,
  kFramePrevious,
  kFrameExecutable,
  kFrameInstr,
  kFrameLocals,
  kFrameOwner,
  kFrameStackPointer,
  kFrameTlbc,
  kCodeSize,
  kCodeFilename,
  kCodeName,
  kCodeQualname,
  kCodeLineTable,
  kCodeFirstLine,
  kCodeArgumentCount,
  kCodeLocalNames,
  kCodeLocalKinds,
  kCodeBytecode,
  kCodeTlbc,
  kObjectSize,
  kObjectType,
  kTypeSize,
  kTypeName,
  kTypeFlags,
  kTupleSize,
  kTupleItems,
  kTupleLength,
  kListSize,
  kListItems,
  kListLength,
  kDictSize,
  kDictKeys,
  kDictValues,
  kLongSize,
  kLongTag,
  kLongDigits,
  kBytesSize,
  kBytesLength,
  kBytesData,
  kStringSize,
  kStringState,
  kStringLength,
  kStringAsciiSize,
  kMemberCount
};

// Its groups, member by member. A group that begins with a size promises that its other members lie within.
using Group = std::span<const Member>;

constexpr Member kRuntimeState[] = {kRuntimeSize, kRuntimeFinalizing, kRuntimeInterpretersHead};
constexpr Member kInterpreterState313[] = {kInterpSize,     kInterpId,      kInterpNext, kInterpThreadsHead,
                                           kSkip,           kInterpModules, kSkip,       kSkip,
                                           kInterpCevalGil, kInterpGil,     kSkip,       kInterpGilLocked,
                                           kInterpGilHolder};
constexpr Member kInterpreterState314[] = {kInterpSize,
                                           kInterpId,
                                           kInterpNext,
                                           kInterpThreadsHead,
                                           kSkip,
                                           kSkip,
                                           kInterpModules,
                                           kSkip,
                                           kSkip,
                                           kInterpCevalGil,
                                           kInterpGil,
                                           kSkip,
                                           kInterpGilLocked,
                                           kInterpGilHolder,
                                           kSkip,
                                           kSkip};
constexpr Member kThreadState313[] = {kThreadSize, kThreadPrev,     kThreadNext,  kThreadInterp, kThreadFrame,
                                      kThreadId,   kThreadNativeId, kThreadChunk, kThreadStatus};
constexpr Member kThreadState315[] = {
    kThreadSize, kThreadPrev,     kThreadNext,  kThreadInterp, kThreadFrame, kSkip, kSkip, kSkip,
    kThreadId,   kThreadNativeId, kThreadChunk, kThreadStatus, kSkip,        kSkip, kSkip, kSkip};
constexpr Member kExceptionStackItem[] = {kSkip};
constexpr Member kInterpreterFrame313[] = {kFrameSize,  kFramePrevious, kFrameExecutable,
                                           kFrameInstr, kFrameLocals,   kFrameOwner};
constexpr Member kInterpreterFrame314[] = {kFrameSize,   kFramePrevious, kFrameExecutable,   kFrameInstr,
                                           kFrameLocals, kFrameOwner,    kFrameStackPointer, kFrameTlbc};
constexpr Member kCodeObject313[] = {kCodeSize,       kCodeFilename,  kCodeName,          kCodeQualname,
                                     kCodeLineTable,  kCodeFirstLine, kCodeArgumentCount, kCodeLocalNames,
                                     kCodeLocalKinds, kCodeBytecode};
constexpr Member kCodeObject314[] = {kCodeSize,       kCodeFilename,  kCodeName,          kCodeQualname,
                                     kCodeLineTable,  kCodeFirstLine, kCodeArgumentCount, kCodeLocalNames,
                                     kCodeLocalKinds, kCodeBytecode,  kCodeTlbc};
constexpr Member kPyObject[] = {kObjectSize, kObjectType};
constexpr Member kTypeObject313[] = {kTypeSize, kTypeName, kSkip, kTypeFlags};
constexpr Member kTypeObject315[] = {kTypeSize, kTypeName, kSkip, kTypeFlags, kSkip, kSkip};
constexpr Member kHeapTypeObject[] = {kSkip, kSkip};
constexpr Member kTupleObject[] = {kTupleSize, kTupleItems, kTupleLength};
constexpr Member kListObject[] = {kListSize, kListItems, kListLength};
constexpr Member kSetObject[] = {kSkip, kSkip, kSkip, kSkip};
constexpr Member kDictObject[] = {kDictSize, kDictKeys, kDictValues};
constexpr Member kFloatObject[] = {kSkip, kSkip};
constexpr Member kLongObject[] = {kLongSize, kLongTag, kLongDigits};
constexpr Member kBytesObject[] = {kBytesSize, kBytesLength, kBytesData};
constexpr Member kUnicodeObject[] = {kStringSize, kStringState, kStringLength, kStringAsciiSize};

constexpr Group kGroups313[] = {
    kRuntimeState, kInterpreterState313, kThreadState313, kInterpreterFrame313, kCodeObject313,
    kPyObject,     kTypeObject313,       kTupleObject,    kListObject,          kDictObject,
    kFloatObject,  kLongObject,          kBytesObject,    kUnicodeObject};
constexpr Group kGroups314[] = {
    kRuntimeState, kInterpreterState314, kThreadState313, kInterpreterFrame314, kCodeObject314,
    kPyObject,     kTypeObject313,       kTupleObject,    kListObject,          kSetObject,
    kDictObject,   kFloatObject,         kLongObject,     kBytesObject,         kUnicodeObject};
constexpr Group kGroups315[] = {kRuntimeState,       kInterpreterState314, kThreadState315,
                                kExceptionStackItem, kInterpreterFrame314, kCodeObject314,
                                kPyObject,           kTypeObject315,       kHeapTypeObject,
                                kTupleObject,        kListObject,          kSetObject,
                                kDictObject,         kFloatObject,         kLongObject,
                                kBytesObject,        kUnicodeObject};

// A version: its groups in order, and what its offsets do not say.
struct Format {
  uint8_t minor;
  std::span<const Group> groups;
  bool tagged_executable;  // f_executable is a _PyStackRef: Include/internal/pycore_stackref.h
  bool interned_is_byte;   // free-threaded: PyASCIIObject.state.interned is a byte before the bit field
  uint16_t cached_keys;    // PyHeapTypeObject.ht_cached_keys (Include/cpython/object.h), with a GIL
  uint16_t cached_keys_free_threaded;
  int8_t created;            // FRAME_CREATED, Include/internal/pycore_frame.h
  int8_t executing;          // FRAME_EXECUTING, Include/internal/pycore_frame.h
  uint8_t awaited_from_top;  // see GeneratorLayout
  uint16_t task_coroutine;   // of _asyncio.Task, with a GIL, where it does not tell itself; the name follows
};

constexpr Format kFormats[] = {{.minor = 13,
                                .groups = kGroups313,
                                .tagged_executable = false,
                                .interned_is_byte = false,
                                .cached_keys = 880,
                                .cached_keys_free_threaded = 896,
                                .created = -3,
                                .executing = 0,
                                .awaited_from_top = 1,
                                .task_coroutine = 120},
                               {.minor = 14,
                                .groups = kGroups314,
                                .tagged_executable = true,
                                .interned_is_byte = true,
                                .cached_keys = 880,
                                .cached_keys_free_threaded = 896,
                                .created = -3,
                                .executing = 0,
                                .awaited_from_top = 1,
                                .task_coroutine = kNoOffset},
                               {.minor = 15,
                                .groups = kGroups315,
                                .tagged_executable = true,
                                .interned_is_byte = true,
                                .cached_keys = 888,
                                .cached_keys_free_threaded = 904,
                                .created = 0,
                                .executing = 4,
                                .awaited_from_top = 2,
                                .task_coroutine = kNoOffset}};
uint64_t word_at(std::span<const uint8_t> bytes, size_t index) {
  uint64_t word;
  std::memcpy(&word, bytes.data() + index * sizeof word, sizeof word);
  return word;
}

using Values = std::array<uint64_t, kMemberCount>;

// Reads the groups; false when `runtime` is too short, or a member lies outside of its structure
// or does not fit.
bool read_values(const Format& format, std::span<const uint8_t> runtime, Values& values) {
  size_t word = kHeaderWords;
  for (Group group : format.groups) {
    if (runtime.size() < (word + group.size()) * sizeof(uint64_t)) return false;
    for (Member member : group) values[member] = word_at(runtime, word++);
    if (group.front() == kSkip) continue;
    uint64_t size = values[group.front()];
    for (Member member : group.subspan(1)) {
      if (member != kSkip && (values[member] >= size || values[member] >= kNoOffset)) return false;
    }
  }
  return true;
}

// Whether a word at each of the members lies before `end`, up to which frames and code objects are read at
// once.
bool end_before(const Values& values, std::span<const Member> members, uint64_t end) {
  return std::ranges::all_of(members,
                             [&](Member member) { return values[member] + sizeof(uint64_t) <= end; });
}

// Frames are read up to their locals, in front of which all other members lie.
bool frame_fits(const Values& values) {
  constexpr Member kPointers[] = {kFramePrevious, kFrameExecutable, kFrameInstr, kFrameStackPointer};
  uint64_t end = values[kFrameLocals];
  return end <= RT_PY_FRAME_BYTES && end_before(values, kPointers, end) && values[kFrameOwner] < end &&
         values[kFrameTlbc] + sizeof(int32_t) <= end;
}

bool code_fits(const Values& values) {
  constexpr Member kMembers[] = {kCodeFilename, kCodeName, kCodeQualname, kCodeLineTable, kCodeFirstLine};
  return end_before(values, kMembers, kCodeHeaderBytes);
}

// What holds on every 64-bit build, so that offsets read from the wrong place do not pass.
bool consistent(const Values& values, bool free_threaded) {
  uint64_t object = values[kObjectSize];
  return object == (free_threaded ? 32 : 16) && values[kObjectType] == object - 8 &&
         values[kTupleLength] == object && values[kListLength] == object && values[kBytesLength] == object &&
         values[kStringLength] == object && values[kTupleSize] == values[kTupleItems] + 8 &&
         values[kBytesSize] == values[kBytesData] + 8 && values[kInterpGilHolder] > values[kInterpGil] &&
         values[kInterpGilLocked] > values[kInterpGil] && frame_fits(values) && code_fits(values) &&
         values[kStringState] >= values[kStringLength] + 8 &&
         values[kStringState] + 4 <= values[kStringAsciiSize] &&
         values[kStringAsciiSize] + 24 == values[kStringSize];
}

// The members of type objects that the offsets do not tell lie where they always lay, from those that they do
// (Include/cpython/object.h), and those of floats, sets and cells right after the object's head.
void add_containers(const Format& format, const Values& values, PythonLayout& layout) {
  auto offset = [&](Member member) { return static_cast<uint16_t>(values[member]); };
  uint16_t object_size = offset(kObjectSize);
  uint16_t cached_keys = layout.free_threaded ? format.cached_keys_free_threaded : format.cached_keys;
  layout.container = {.object_size = offset(kObjectSize),
                      .size = offset(kTupleLength),
                      .tuple_items = offset(kTupleItems),
                      .list_items = offset(kListItems),
                      .dict_used = offset(kObjectSize),
                      .dict_keys = offset(kDictKeys),
                      .dict_values = offset(kDictValues),
                      .type_name = offset(kTypeName),
                      .type_basic_size = static_cast<uint16_t>(values[kTypeName] + 8),
                      .type_flags = offset(kTypeFlags),
                      .type_dict = static_cast<uint16_t>(values[kTypeFlags] + 96),
                      .type_dict_offset = static_cast<uint16_t>(values[kTypeFlags] + 120),
                      .type_qualname = static_cast<uint16_t>(cached_keys - 8),
                      .type_cached_keys = cached_keys,
                      .long_value = offset(kLongTag),
                      .long_digits = offset(kLongDigits),
                      .long_is_tagged = true,
                      .float_value = object_size,
                      .set_used = static_cast<uint16_t>(object_size + 8),
                      .set_mask = static_cast<uint16_t>(object_size + 16),
                      .set_table = static_cast<uint16_t>(object_size + 24),
                      .cell_value = object_size};
}

// Include/internal/pycore_dict.h, pycore_object.h, pycore_code.h, pycore_stackref.h of 3.13 to 3.15.
void add_variables(const Format& format, const Values& values, bool free_threaded, PythonLayout& layout) {
  layout.dict_keys = {.log2_index_bytes = 9, .kind = 10, .entries = 24, .indices = 32};
  // Before the object, and before the GC header that objects have where there is a GIL.
  layout.attributes = {.dict = static_cast<int16_t>(free_threaded ? -8 : -24),
                       .values_in_object = true,
                       .values_start = 8,
                       .values_valid = 3};
  auto arguments = static_cast<uint16_t>(values[kCodeArgumentCount]);
  layout.locals = {.code_slot_count = static_cast<uint16_t>(values[kCodeFirstLine] + 4),
                   .code_argument_count = arguments,
                   .code_keyword_argument_count = static_cast<uint16_t>(arguments + 8),
                   .code_flags = static_cast<uint16_t>(arguments - 4),
                   .code_names = static_cast<uint16_t>(values[kCodeLocalNames]),
                   .code_kinds = static_cast<uint16_t>(values[kCodeLocalKinds]),
                   .tagged = format.tagged_executable};
  // Three pointers, of names and of the list of weak references, and 13 to 16 bytes of flags before the
  // frame.
  auto frame = static_cast<uint16_t>(values[kObjectSize] + 56);
  layout.generator = {.frame = frame,
                      .state = static_cast<uint16_t>(frame - 5),
                      .created = format.created,
                      .executing = format.executing,
                      .awaited_from_top = format.awaited_from_top};
  if (values[kFrameStackPointer] != 0) {
    layout.generator.stack_pointer = static_cast<uint16_t>(values[kFrameStackPointer]);
  } else {
    layout.generator.stack_depth = static_cast<uint16_t>(values[kFrameLocals] - 8);
  }
  if (format.task_coroutine == kNoOffset) return;
  auto task = static_cast<uint16_t>(values[kObjectSize] - 16);
  layout.task = {.loop = static_cast<uint16_t>(task + 16),
                 .coroutine = static_cast<uint16_t>(task + format.task_coroutine),
                 .name = static_cast<uint16_t>(task + format.task_coroutine + 8)};
}

PythonLayout layout_from_values(const Format& format, const Values& values, bool free_threaded) {
  auto offset = [&](Member member) { return static_cast<uint16_t>(values[member]); };
  PythonLayout layout;
  layout.free_threaded = free_threaded;
  rt_py_walk& walk = layout.walk;
  walk.runtime_interpreters_head = offset(kRuntimeInterpretersHead);
  walk.interp_next = offset(kInterpNext);
  walk.interp_threads_head = offset(kInterpThreadsHead);
  walk.interp_gil = free_threaded ? kNoOffset : offset(kInterpCevalGil);
  walk.gil_last_holder = static_cast<uint16_t>(values[kInterpGilHolder] - values[kInterpGil]);
  walk.gil_locked = static_cast<uint16_t>(values[kInterpGilLocked] - values[kInterpGil]);
  walk.thread_next = offset(kThreadNext);
  walk.thread_interp = offset(kThreadInterp);
  walk.thread_id = offset(kThreadId);
  walk.thread_frame = offset(kThreadFrame);
  walk.cframe_frame = kNoOffset;
  walk.frame_back = offset(kFramePrevious);
  walk.frame_code = offset(kFrameExecutable);
  walk.frame_ip = offset(kFrameInstr);
  walk.frame_ip_size = 8;
  walk.frame_owner = offset(kFrameOwner);
  walk.frame_entry = kNoOffset;
  bool has_tlbc = free_threaded && values[kFrameTlbc] != 0;
  walk.frame_tlbc = has_tlbc ? offset(kFrameTlbc) : kNoOffset;
  walk.frame_size = offset(kFrameLocals);
  walk.object_type = offset(kObjectType);
  walk.shim_owners = 1 << 3;  // FRAME_OWNED_BY_CSTACK, FRAME_OWNED_BY_INTERPRETER
  walk.code_mask = format.tagged_executable ? ~uint64_t{3} : ~uint64_t{0};

  layout.runtime_finalizing = offset(kRuntimeFinalizing);
  layout.interp_id = offset(kInterpId);
  layout.interp_modules = offset(kInterpModules);
  layout.thread = {.previous = offset(kThreadPrev),
                   .native_thread_id = offset(kThreadNativeId),
                   .status = offset(kThreadStatus),
                   .status_active_bit = 4,
                   .datastack_chunk = offset(kThreadChunk)};
  layout.frame_locals = offset(kFrameLocals);
  if (values[kFrameStackPointer] != 0) layout.frame_stack_pointer = offset(kFrameStackPointer);
  layout.code = {.name = offset(kCodeName),
                 .qualname = offset(kCodeQualname),
                 .filename = offset(kCodeFilename),
                 .line_table = offset(kCodeLineTable),
                 .first_line = offset(kCodeFirstLine),
                 .bytecode = offset(kCodeBytecode),
                 .tlbc = has_tlbc ? offset(kCodeTlbc) : kNoOffset};
  uint16_t ascii_size = offset(kStringAsciiSize);
  layout.string = {
      .length = offset(kStringLength),
      .state = offset(kStringState),
      .kind_shift = static_cast<uint16_t>(format.interned_is_byte && free_threaded ? 8 : 2),
      .ascii_size = ascii_size,
      // Two words more: the UTF-8 form and its length; the last word of the whole is the pointer.
      .compact_size = static_cast<uint16_t>(ascii_size + 16),
      .data_pointer = static_cast<uint16_t>(values[kStringSize] - 8)};
  layout.bytes = {.length = offset(kBytesLength), .data = offset(kBytesData)};
  add_containers(format, values, layout);
  add_variables(format, values, free_threaded, layout);
  return layout;
}

}  // namespace

bool has_debug_offsets(std::span<const uint8_t> runtime) {
  return runtime.size() >= kHeaderWords * sizeof(uint64_t) && std::memcmp(runtime.data(), kCookie, 8) == 0;
}

PythonVersion debug_offsets_version(std::span<const uint8_t> runtime) {
  return PythonVersion::from_hex(word_at(runtime, 1));
}

Result<PythonLayout> layout_from_debug_offsets(std::span<const uint8_t> runtime) {
  if (!has_debug_offsets(runtime)) return Failure{"there are no debug offsets at _PyRuntime"};
  PythonVersion version = debug_offsets_version(runtime);
  if (std::string reason = unsupported_reason(version); !reason.empty()) return Failure{reason};
  const auto* format = std::find_if(std::begin(kFormats), std::end(kFormats),
                                    [&](const Format& known) { return known.minor == version.minor; });
  if (format == std::end(kFormats)) {
    return Failure{fmt::format("CPython {} with debug offsets, which it should not have", version.text())};
  }
  bool free_threaded = word_at(runtime, 2) != 0;
  Values values{};
  if (!read_values(*format, runtime, values) || !consistent(values, free_threaded)) {
    return Failure{fmt::format("the debug offsets of CPython {} are not those of a release", version.text())};
  }
  PythonLayout layout = layout_from_values(*format, values, free_threaded);
  layout.version = version;
  return layout;
}

}  // namespace rtprof
