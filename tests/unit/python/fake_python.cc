#include "tests/unit/python/fake_python.h"

#include <cstring>
#include <span>
#include <stdexcept>

namespace rtprof::test {
namespace {

// The words of _Py_DebugOffsets after the cookie. Those of Debian's python3.13, python3.14 and python3.15
// were read from the binaries, those of free-threaded builds made by a program that was compiled with the
// same headers and Py_GIL_DISABLED.
constexpr uint64_t kWords313[] = {
    0x30d12f0, 0,    283408, 608, 632, 194984, 7272, 7264, 7344, 7400, 7656, 7640, 7648, 16, 7752,
    0,         7768, 7760,   312, 0,   8,      16,   72,   152,  160,  232,  32,   80,   8,  0,
    56,        72,   70,     208, 112, 120,    128,  136,  68,   52,   96,   104,  200,  16, 8,
    416,       24,   88,     168, 32,  24,     16,   40,   24,   16,   48,   32,   40,   24, 16,
    32,        16,   24,     40,  16,  32,     64,   32,   16,   40,   240,  200};
constexpr uint64_t kWords314[] = {
    0x30e0af0, 0,    316616, 784,  808, 225864, 7280, 7272, 7344, 7360, 7408, 7688, 7672, 7680, 16,  7784,
    0,         7800, 7792,   7992, 0,   832,    0,    8,    16,   72,   152,  160,  232,  32,   88,  8,
    0,         56,   80,     74,   64,  0,      216,  112,  120,  128,  136,  68,   52,   96,   104, 208,
    0,         16,   8,      416,  24,  88,     168,  40,   32,   16,   40,   24,   16,   200,  24,  40,
    32,        48,   32,     40,   24,  16,     32,   16,   24,   40,   16,   32,   64,   32,   16,  40,
    264,       192,  160,    24,   72,  67,     0,    8,    24,   304,  8076, 0,    4,    512};
constexpr uint64_t kWords315[] = {
    0x30f02f0, 0,    346568, 912,  936, 226240, 7272, 7264, 7336, 7352, 7400, 7592, 7576, 7584, 16,  7736,
    0,         7752, 7744,   7944, 0,   888,    0,    8,    16,   72,   80,   88,   96,   176,  184, 256,
    32,        36,   40,     136,  288, 0,      88,   8,    0,    56,   80,   74,   64,   0,    216, 112,
    120,       128,  136,    68,   52,  96,     104,  208,  0,    16,   8,    424,  24,   88,   168, 32,
    288,       944,  888,    40,   32,  16,     40,   24,   16,   200,  24,   40,   32,   48,   32,  40,
    24,        16,   32,     16,   24,  40,     16,   32,   64,   32,   16,   40,   56,   176,  112, 120,
    1120,      104,  160,    24,   72,  67,     0,    8,    24,   344,  8028, 0,    4,    512};
constexpr uint64_t kFreeThreadedWords313[] = {
    0x30d12f0, 1,    328384, 608, 632, 215616, 7272, 7264, 7344, 7400, 7664, 7648, 7656, 16, 7760,
    0,         7784, 7776,   312, 0,   8,      16,   72,   152,  160,  232,  32,   80,   8,  0,
    56,        72,   70,     224, 128, 136,    144,  152,  84,   68,   112,  120,  216,  32, 24,
    432,       40,   104,    184, 48,  40,     32,   56,   40,   32,   64,   48,   56,   40, 32,
    48,        32,   40,     56,  32,  48,     80,   48,   32,   56,   248,  200};
constexpr uint64_t kFreeThreadedWords314[] = {
    0x30e0af0, 1,    365624, 784,  808,   249976, 7280, 7272, 7344, 7360, 7408, 7712, 7696, 7704, 16,  7808,
    0,         7832, 7824,   8024, 17300, 832,    0,    8,    16,   72,   152,  160,  232,  32,   88,  8,
    0,         56,   80,     78,   64,    72,     240,  128,  136,  144,  152,  84,   68,   112,  120, 232,
    224,       32,   24,     432,  40,    104,    184,  56,   48,   32,   56,   40,   32,   216,  40,  56,
    48,        64,   48,     56,   40,    32,     48,   32,   40,   56,   32,   48,   80,   48,   32,  56,
    288,       192,  176,    40,   88,    83,     0,    8,    24,   304,  8108, 0,    4,    512};
constexpr uint64_t kFreeThreadedWords315[] = {
    0x30f02f0, 1,    409296, 912,  936,   250328, 7272, 7264, 7336, 7352, 7400, 7592, 7576, 7584, 16,  7736,
    0,         7760, 7752,   7952, 17252, 888,    0,    8,    16,   72,   80,   88,   96,   176,  184, 256,
    32,        36,   40,     136,  288,   0,      88,   8,    0,    56,   80,   78,   64,   72,   240, 128,
    136,       144,  152,    84,   68,    112,    120,  232,  224,  32,   24,   440,  40,   104,  184, 48,
    304,       968,  904,    56,   48,    32,     56,   40,   32,   216,  40,   56,   48,   64,   48,  56,
    40,        32,   48,     32,   40,    56,     32,   48,   80,   48,   32,   56,   72,   176,  112, 120,
    224,       104,  176,    40,   88,    83,     0,    8,    24,   344,  8036, 0,    4,    512};

struct Words {
  int minor;
  std::span<const uint64_t> usual;
  std::span<const uint64_t> free_threaded;
};

constexpr Words kAllWords[] = {{13, kWords313, kFreeThreadedWords313},
                               {14, kWords314, kFreeThreadedWords314},
                               {15, kWords315, kFreeThreadedWords315}};

template <typename T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.failure().message);
  return std::move(*result);
}

}  // namespace

std::vector<uint8_t> debug_offsets(int minor, bool free_threaded) {
  std::vector<uint8_t> bytes(kDebugOffsetsBytes);
  std::memcpy(bytes.data(), "xdebugpy", 8);
  for (const Words& words : kAllWords) {
    if (words.minor != minor) continue;
    auto chosen = free_threaded ? words.free_threaded : words.usual;
    std::memcpy(bytes.data() + 8, chosen.data(), chosen.size_bytes());
  }
  return bytes;
}

PythonLayout layout_of_minor(int minor, bool free_threaded) {
  if (minor >= 13) return value_of(layout_from_debug_offsets(debug_offsets(minor, free_threaded)));
  PythonVersion version;
  version.major = 3;
  version.minor = static_cast<uint8_t>(minor);
  return value_of(layout_of(version));
}

FakePython::FakePython(FakeMemory& memory, Build build) : memory_(memory) {
  process_.layout = layout_of_minor(build.minor, build.free_threaded);
  process_.code_type = type("code");
  process_.none = allocate(64);
  memory_.set<uint64_t>(process_.none + layout().walk.object_type, type("NoneType"));
}

Address FakePython::allocate(size_t size) {
  Address at = next_;
  memory_.map(at, size);
  next_ += (size + 63) / 16 * 16;  // a gap between any two, so that reading past one is noticed
  return at;
}

Address FakePython::type(std::string_view name) {
  Address text = allocate(64);  // C strings are read in pieces
  memory_.put(text, name);
  Address at = allocate(512);
  memory_.set<uint64_t>(at + layout().container.type_name, text);
  return at;
}

void FakePython::string_header(Address at, size_t length, size_t kind, bool compact, bool ascii) {
  const StringLayout& string = layout().string;
  memory_.set<int64_t>(at + string.length, static_cast<int64_t>(length));
  uint32_t state = static_cast<uint32_t>(kind) | (compact ? 8 : 0) | (ascii ? 16 : 0);
  memory_.set<uint32_t>(at + string.state, state << string.kind_shift);
}

Address FakePython::compact_ascii(std::string_view text) {
  uint16_t start = layout().string.ascii_size;
  Address at = allocate(start + text.size() + 1);
  string_header(at, text.size(), 1, true, true);
  memory_.put(at + start, text);
  return at;
}

namespace {

std::vector<uint8_t> encoded(size_t width, const std::vector<uint32_t>& characters) {
  std::vector<uint8_t> bytes(characters.size() * width);
  for (size_t i = 0; i < characters.size(); ++i) std::memcpy(&bytes[i * width], &characters[i], width);
  return bytes;
}

}  // namespace

Address FakePython::compact(size_t width, const std::vector<uint32_t>& characters) {
  uint16_t start = layout().string.compact_size;
  Address at = allocate(start + (characters.size() + 1) * width);
  string_header(at, characters.size(), width, true, false);
  memory_.put(at + start, encoded(width, characters));
  return at;
}

Address FakePython::not_compact(size_t width, const std::vector<uint32_t>& characters) {
  Address text = allocate((characters.size() + 1) * width);
  memory_.put(text, encoded(width, characters));
  Address at = allocate(layout().string.data_pointer + 8);
  string_header(at, characters.size(), width, false, false);
  memory_.set<uint64_t>(at + layout().string.data_pointer, text);
  return at;
}

Address FakePython::bytes(std::string_view content) {
  Address at = allocate(layout().bytes.data + content.size() + 1);
  memory_.set<int64_t>(at + layout().bytes.length, static_cast<int64_t>(content.size()));
  memory_.put(at + layout().bytes.data, content);
  return at;
}

Address FakePython::code(const Code& code) {
  Address at = allocate(256 + code.code_units * 2);
  replace_code(at, code);
  return at;
}

void FakePython::replace_code(Address at, const Code& code) {
  const CodeLayout& fields = layout().code;
  memory_.set<uint64_t>(at + layout().walk.object_type, process_.code_type);
  Address name = compact_ascii(code.name);
  memory_.set<uint64_t>(at + fields.name, name);
  if (fields.qualname != kNoOffset) memory_.set<uint64_t>(at + fields.qualname, name);
  memory_.set<uint64_t>(at + fields.filename, code.file == code.name ? name : compact_ascii(code.file));
  memory_.set<uint64_t>(at + fields.line_table, bytes(code.line_table));
  memory_.set<int32_t>(at + fields.first_line, code.first_line);
  if (fields.bytecode != kNoOffset) memory_.set<uint64_t>(at + layout().container.size, code.code_units);
}

uint64_t FakePython::ip(Address code, int64_t offset) const {
  switch (layout().instruction_pointer) {
    case InstructionPointer::kByteIndex:
      return static_cast<uint64_t>(offset);
    case InstructionPointer::kUnitIndex:
      return static_cast<uint64_t>(offset / 2);
    case InstructionPointer::kAddress:
      return code + layout().code.bytecode + static_cast<uint64_t>(offset);
  }
  return 0;
}

}  // namespace rtprof::test
