#include "native/source_lines.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>

#include "native/debug_files.h"
#include "native/demangle.h"

namespace rtprof::native {
namespace {

constexpr int kMaxDepth = 256;

std::string name_of(Dwarf_Die& function) {
  Dwarf_Attribute attribute;
  for (unsigned kind : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    const char* name = dwarf_formstring(dwarf_attr_integrate(&function, kind, &attribute));
    if (name != nullptr) return demangle(name);
  }
  const char* name = dwarf_formstring(dwarf_attr_integrate(&function, DW_AT_name, &attribute));
  return name == nullptr ? std::string() : name;
}

int32_t number_of(Dwarf_Die& die, unsigned kind) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (dwarf_formudata(dwarf_attr_integrate(&die, kind, &attribute), &value) != 0) return 0;
  return static_cast<int32_t>(std::min<Dwarf_Word>(value, INT32_MAX));
}

// Calls `visit` for the children of a DIE. A damaged file must not send it in circles.
template <typename Visit>
void each_child(Dwarf_Die& parent, Visit visit) {
  Dwarf_Die child;
  if (dwarf_child(&parent, &child) != 0) return;
  while (true) {
    Dwarf_Off here = dwarf_dieoffset(&child);
    visit(child);
    if (dwarf_siblingof(&child, &child) != 0 || dwarf_dieoffset(&child) <= here) return;
  }
}

template <typename Visit>
void each_range(Dwarf_Die& die, Visit visit) {
  Dwarf_Addr base = 0;
  Dwarf_Addr begin = 0;
  Dwarf_Addr end = 0;
  ptrdiff_t offset = 0;
  while ((offset = dwarf_ranges(&die, offset, &base, &begin, &end)) > 0) {
    // A linker that drops a section leaves what describes it, at address 0.
    if (begin != 0 && begin < end) visit(begin, end);
  }
}

}  // namespace

// A compilation unit, whose functions are listed when an address in it is first asked for.
struct SourceLines::Unit {
  struct Function {
    Dwarf_Addr begin;
    Dwarf_Addr end;
    Dwarf_Die die;
  };

  Dwarf_Die lines;  // the DIE that has the line table
  Dwarf_Die die;    // the DIE whose children are the functions: another one where DWARF is split
  bool is_listed = false;
  std::vector<Function> functions;  // by begin

  void list_functions(Dwarf_Die& parent, int depth) {
    if (depth > kMaxDepth) return;
    each_child(parent, [&](Dwarf_Die& child) {
      switch (dwarf_tag(&child)) {
        case DW_TAG_subprogram:
          each_range(child, [&](Dwarf_Addr begin, Dwarf_Addr end) {
            functions.push_back({begin, end, child});
          });
          [[fallthrough]];
        case DW_TAG_namespace:
        case DW_TAG_module:
        case DW_TAG_class_type:
        case DW_TAG_structure_type:
        case DW_TAG_union_type:
        case DW_TAG_lexical_block:
          list_functions(child, depth + 1);
          break;
        default:
          break;
      }
    });
  }

  Function* function_at(Dwarf_Addr address) {
    if (!is_listed) {
      is_listed = true;
      list_functions(die, 0);
      std::sort(functions.begin(), functions.end(),
                [](const Function& a, const Function& b) { return a.begin < b.begin; });
    }
    auto after = std::upper_bound(functions.begin(), functions.end(), address,
                                  [](Dwarf_Addr wanted, const Function& f) { return wanted < f.begin; });
    if (after == functions.begin() || address >= std::prev(after)->end) return nullptr;
    return &*std::prev(after);
  }

  std::string file_name(int32_t index) {
    Dwarf_Files* files = nullptr;
    size_t count = 0;
    if (dwarf_getsrcfiles(&lines, &files, &count) != 0) return {};
    const char* name = dwarf_filesrc(files, static_cast<size_t>(index), nullptr, nullptr);
    return name == nullptr ? std::string() : name;
  }

  // Where the code at an address is from.
  void set_line(SourceFrame& frame, Dwarf_Addr address) {
    Dwarf_Line* line = dwarf_getsrc_die(&lines, address);
    int number = 0;
    if (line == nullptr || dwarf_lineno(line, &number) != 0) return;
    const char* file = dwarf_linesrc(line, nullptr, nullptr);
    frame.file = file == nullptr ? "" : file;
    frame.line = number;
  }

  // The calls that are inlined at an address within `scope`, the outermost first.
  std::vector<Dwarf_Die> inlined_at(Dwarf_Die scope, Dwarf_Addr address) {
    std::vector<Dwarf_Die> calls;
    bool found = true;
    for (int depth = 0; found && depth < kMaxDepth; ++depth) {
      found = false;
      Dwarf_Die inner;
      each_child(scope, [&](Dwarf_Die& child) {
        int tag = dwarf_tag(&child);
        if (found || (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block)) return;
        if (dwarf_haspc(&child, address) != 1) return;
        found = true;
        inner = child;
      });
      if (!found) break;
      if (dwarf_tag(&inner) == DW_TAG_inlined_subroutine) calls.push_back(inner);
      scope = inner;
    }
    return calls;
  }
};

void SourceLines::DwarfCloser::operator()(Dwarf* dwarf) const {
  dwarf_end(dwarf);
}

SourceLines::SourceLines(std::shared_ptr<const Binary> binary) : binary_(std::move(binary)) {}
SourceLines::SourceLines(SourceLines&&) noexcept = default;
SourceLines::~SourceLines() = default;

void SourceLines::open() {
  is_opened_ = true;
  auto elf = binary_->open_elf();
  std::string path = binary_->readable_path();
  if (!elf || path.empty()) return;
  file_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!elf->section(".debug_info")) file_ = open_debug_file(*binary_, *elf);
  if (!file_.valid()) return;
  dwarf_.reset(dwarf_begin(file_.get(), DWARF_C_READ));
  if (!dwarf_) return;
  open_alternate(*binary_);
  list_units();
}

// Debug files of distributions share what many of them have in a file of its own (dwz).
void SourceLines::open_alternate(const Binary& binary) {
  const char* name = nullptr;
  const void* id = nullptr;
  ssize_t length = dwelf_dwarf_gnu_debugaltlink(dwarf_.get(), &name, &id);
  if (length < 2 || length > 64) return;
  std::string hex;
  for (ssize_t i = 0; i < length; ++i) hex += fmt::format("{:02x}", static_cast<const uint8_t*>(id)[i]);
  alternate_file_ = open_debug_file_of(binary, hex);
  if (!alternate_file_.valid()) return;
  alternate_.reset(dwarf_begin(alternate_file_.get(), DWARF_C_READ));
  dwarf_setalt(dwarf_.get(), alternate_.get());
}

void SourceLines::list_units() {
  Dwarf_CU* cu = nullptr;
  Dwarf_Die die;
  Dwarf_Die split;
  uint8_t type = 0;
  while (dwarf_get_units(dwarf_.get(), cu, &cu, nullptr, &type, &die, &split) == 0) {
    if (type != DW_UT_compile && type != DW_UT_skeleton) continue;
    auto unit = std::make_unique<Unit>();
    unit->lines = die;
    unit->die = type == DW_UT_skeleton && dwarf_tag(&split) == DW_TAG_compile_unit ? split : die;
    each_range(die, [&](Dwarf_Addr begin, Dwarf_Addr end) { ranges_.push_back({begin, end, unit.get()}); });
    units_.push_back(std::move(unit));
  }
  std::sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
}

SourceLines::Unit* SourceLines::unit_of(uint64_t address) {
  auto after = std::upper_bound(ranges_.begin(), ranges_.end(), address,
                                [](uint64_t wanted, const Range& range) { return wanted < range.begin; });
  if (after == ranges_.begin() || address >= std::prev(after)->end) return nullptr;
  return std::prev(after)->unit;
}

std::vector<SourceFrame> SourceLines::find(uint64_t address) {
  if (!is_opened_) open();
  Unit* unit = unit_of(address);
  if (unit == nullptr) return {};
  std::vector<SourceFrame> frames;
  SourceFrame frame;
  unit->set_line(frame, address);
  Unit::Function* function = unit->function_at(address);
  if (function == nullptr) {
    if (frame.line != 0) frames.push_back(std::move(frame));
    return frames;
  }
  std::vector<Dwarf_Die> calls = unit->inlined_at(function->die, address);
  for (auto call = calls.rbegin(); call != calls.rend(); ++call) {
    frame.function = name_of(*call);
    frame.start_line = number_of(*call, DW_AT_decl_line);
    frames.push_back(std::move(frame));
    frame = {};
    frame.line = number_of(*call, DW_AT_call_line);
    frame.file = unit->file_name(number_of(*call, DW_AT_call_file));
  }
  frame.function = name_of(function->die);
  frame.start_line = number_of(function->die, DW_AT_decl_line);
  frames.push_back(std::move(frame));
  return frames;
}

}  // namespace rtprof::native
