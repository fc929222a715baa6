#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "python/version.h"
#include "python/walk.h"

namespace rtprof {

// An offset that a version does not have; the same value as in walk.h.
inline constexpr uint16_t kNoOffset = RT_PY_NONE;

// How an instruction becomes a line.
enum class LineTableFormat : uint8_t {
  kLnotab,     // 3.8, 3.9: Objects/lnotab_notes.txt
  kLineTable,  // 3.10: PEP 626, Objects/lnotab_notes.txt
  kLocations,  // 3.11+: Objects/locations.md, InternalDocs/code_objects.md
};

// What the number in a frame's ip field counts.
enum class InstructionPointer : uint8_t {
  kByteIndex,  // 3.8, 3.9: f_lasti, bytes; -1 before the first instruction
  kUnitIndex,  // 3.10: f_lasti, code units of 2 bytes; -1 before the first instruction
  kAddress,    // 3.11+: address of a code unit in the code object or in a copy of its bytecode
};

// Bytes of a code object's start that hold all members of a CodeLayout but the bytecode and its copies.
constexpr size_t kCodeHeaderBytes = 256;

struct CodeLayout {
  uint16_t name = kNoOffset;
  uint16_t qualname = kNoOffset;  // 3.11+
  uint16_t filename = kNoOffset;
  uint16_t line_table = kNoOffset;  // pointer to bytes
  uint16_t first_line = kNoOffset;  // int32
  uint16_t bytecode = kNoOffset;    // the array within the object; 3.11+
  uint16_t tlbc = kNoOffset;        // pointer to the table of thread-local copies; free-threaded 3.14+
};

// PyASCIIObject, PyCompactUnicodeObject and PyUnicodeObject (Include/cpython/unicodeobject.h).
struct StringLayout {
  uint16_t length = kNoOffset;
  uint16_t state = kNoOffset;         // bit field: kind, compact, ascii
  uint16_t kind_shift = 2;            // of the 3 bits of kind within state; compact and ascii follow
  uint16_t ascii_size = 0;            // sizeof(PyASCIIObject): where the text of compact ASCII begins
  uint16_t compact_size = 0;          // sizeof(PyCompactUnicodeObject): where other compact text begins
  uint16_t data_pointer = kNoOffset;  // PyUnicodeObject.data, of strings that are not compact
};

struct BytesLayout {
  uint16_t length = kNoOffset;  // ob_size
  uint16_t data = kNoOffset;    // ob_sval
};

struct ThreadLayout {
  uint16_t previous = kNoOffset;
  uint16_t native_thread_id = kNoOffset;  // unsigned long; 3.11+
  uint16_t status = kNoOffset;            // the bit field _status, 3.12+
  uint8_t status_active_bit = 0;          // within _status: the thread is attached to its interpreter
  uint16_t datastack_chunk = kNoOffset;   // 3.11+
};

// _PyStackChunk (Include/cpython/pystate.h), 3.11+.
struct StackChunkLayout {
  uint16_t previous = 0;
  uint16_t size = 8;  // of the chunk, this header included
  uint16_t top = 16;  // in pointers from data; not kept up to date for the newest chunk
  uint16_t data = 24;
};

// Of the objects that containers.h reads.
struct ContainerLayout {
  uint16_t object_size = kNoOffset;  // sizeof(PyObject)
  uint16_t size = kNoOffset;         // ob_size of variable-size objects
  uint16_t tuple_items = kNoOffset;
  uint16_t list_items = kNoOffset;  // pointer to the items
  uint16_t dict_used = kNoOffset;
  uint16_t dict_keys = kNoOffset;
  uint16_t dict_values = kNoOffset;
  uint16_t type_name = kNoOffset;         // tp_name: pointer to a C string
  uint16_t type_basic_size = kNoOffset;   // tp_basicsize
  uint16_t type_flags = kNoOffset;        // tp_flags
  uint16_t type_dict = kNoOffset;         // tp_dict
  uint16_t type_dict_offset = kNoOffset;  // tp_dictoffset
  uint16_t type_qualname = kNoOffset;     // ht_qualname, of types made at run time
  uint16_t type_cached_keys = kNoOffset;  // ht_cached_keys, likewise
  uint16_t long_value = kNoOffset;        // ob_size up to 3.11, lv_tag from 3.12 on
  uint16_t long_digits = kNoOffset;
  bool long_is_tagged = false;  // long_value is lv_tag
  uint16_t float_value = kNoOffset;
  uint16_t set_used = kNoOffset;
  uint16_t set_mask = kNoOffset;
  uint16_t set_table = kNoOffset;
  uint16_t cell_value = kNoOffset;
};

// PyDictKeysObject: Objects/dict-common.h up to 3.10, Include/internal/pycore_dict.h from then on.
struct DictKeysLayout {
  uint16_t slots = kNoOffset;             // dk_size; up to 3.10
  uint16_t log2_index_bytes = kNoOffset;  // u8; 3.11+
  uint16_t kind = kNoOffset;              // u8; 3.11+. 0: entries are hash, key, value; else key, value
  uint16_t entries = kNoOffset;           // dk_nentries
  uint16_t indices = kNoOffset;           // the hash table; the entries follow it
};

// Where the attributes of an object are whose type says that the interpreter manages its dict: in a dict, or
// in an array beside the keys that all objects of the type share (Include/internal/pycore_object.h).
struct AttributesLayout {
  int16_t dict = 0;    // from the object, of the pointer to the dict; 0 where there is none (≤ 3.10)
  int16_t values = 0;  // likewise of the pointer to the array; 3.11
  bool dict_or_values = false;  // 3.12: the pointer to the dict is one to the array, less one, when it is odd
  bool values_in_object = false;      // 3.13+: the array follows the object while there is no dict
  uint16_t values_start = 0;          // of the values, from the start of the array
  uint16_t values_valid = kNoOffset;  // u8: not 0 while the array is in use; 3.13+
};

// How the arguments and variables of a function are found from its frame and its code object.
struct LocalsLayout {
  uint16_t code_slot_count = kNoOffset;              // int32: all slots (3.11+), or those of locals
  uint16_t code_argument_count = kNoOffset;          // int32
  uint16_t code_keyword_argument_count = kNoOffset;  // int32; keyword only
  uint16_t code_flags = kNoOffset;                   // int32; CO_VARARGS 4, CO_VARKEYWORDS 8
  uint16_t code_names = kNoOffset;                   // tuple of all names (3.11+), or of those of locals
  uint16_t code_kinds = kNoOffset;                   // bytes, one for each name; 3.11+
  uint16_t code_cell_names = kNoOffset;              // tuple; up to 3.10
  uint16_t code_free_names = kNoOffset;              // tuple; up to 3.10
  bool tagged = false;  // slots are _PyStackRef: the two lowest bits tell of what kind
};

// PyGenObject, which coroutines and asynchronous generators begin with (Include/cpython/genobject.h,
// Include/internal/pycore_interpframe_structs.h), and how a frame that is suspended keeps its stack.
struct GeneratorLayout {
  uint16_t frame = kNoOffset;          // the frame itself (3.11+), or a pointer to it
  bool frame_is_pointer = false;       // null once it has ended; up to 3.10
  uint16_t state = kNoOffset;          // int8; 3.11+
  int8_t created = 0;                  // a state
  int8_t executing = 0;                // a state; what is more has ended
  uint16_t stack_pointer = kNoOffset;  // in the frame: pointer past the topmost value; 3.8, 3.9, 3.14+
  uint16_t stack_depth = kNoOffset;    // in the frame: int32, values from the base; 3.10 to 3.13
  uint16_t stack_base = kNoOffset;  // in the frame: pointer to the base; before 3.11, else it is the locals
  // Which value on the stack of a suspended frame is what it awaits, from the top; the first, unless SEND
  // keeps more there (Python/bytecodes.c).
  uint8_t awaited_from_top = 1;
};

// Of _asyncio.Task (Modules/_asynciomodule.c) before 3.14, which tells its own.
struct TaskLayout {
  uint16_t loop = kNoOffset;
  uint16_t coroutine = kNoOffset;
  uint16_t name = kNoOffset;
};

// Everything about one CPython build that reading its memory needs. Up to 3.12 from tables by version; from
// 3.13 on from the offsets that the interpreter itself carries at the start of _PyRuntime.
// The addresses in `walk` (runtime, code_type, gil) are zero until locate.h fills them.
struct PythonLayout {
  rt_py_walk walk{};
  PythonVersion version;
  bool free_threaded = false;

  // Within _PyRuntime.
  uint16_t runtime_finalizing = kNoOffset;  // not null while the main interpreter ends
  uint16_t runtime_gil = kNoOffset;         // struct _gil_runtime_state, up to 3.11
  // Within PyInterpreterState.
  uint16_t interp_id = kNoOffset;       // int64
  uint16_t interp_modules = kNoOffset;  // dict of sys.modules

  ThreadLayout thread;
  StackChunkLayout stack_chunk;
  uint16_t frame_locals = kNoOffset;         // localsplus
  uint16_t frame_stack_pointer = kNoOffset;  // 3.14+
  InstructionPointer instruction_pointer = InstructionPointer::kAddress;
  LineTableFormat line_table = LineTableFormat::kLocations;
  CodeLayout code;
  StringLayout string;
  BytesLayout bytes;
  ContainerLayout container;
  DictKeysLayout dict_keys;
  AttributesLayout attributes;
  LocalsLayout locals;
  GeneratorLayout generator;
  TaskLayout task;
};

// Whether the way to the global interpreter lock is known: not in free-threaded builds.
inline bool has_gil(const rt_py_walk& walk) {
  return walk.gil != 0 || walk.interp_gil != kNoOffset;
}

// Bytes at the start of _PyRuntime to read for layout_from_debug_offsets().
inline constexpr size_t kDebugOffsetsBytes = 1280;

// True when `runtime`, the bytes at _PyRuntime, begin with _Py_DebugOffsets.
bool has_debug_offsets(std::span<const uint8_t> runtime);

// The version that _Py_DebugOffsets names; only when has_debug_offsets().
PythonVersion debug_offsets_version(std::span<const uint8_t> runtime);

// The layout of 3.8 to 3.12. Fails with a phrase that names the version when there is no table for it.
Result<PythonLayout> layout_of(const PythonVersion& version);

// The layout of 3.13 and later, from _Py_DebugOffsets. Fails with a phrase that names the version when the
// version is not one whose offsets are known, and when they contradict themselves.
Result<PythonLayout> layout_from_debug_offsets(std::span<const uint8_t> runtime);

// Whether `version` is one that this program reads; otherwise a phrase that says why not ("CPython 3.7 is too
// old; 3.8 to 3.15 are supported").
std::string unsupported_reason(const PythonVersion& version);

}  // namespace rtprof
