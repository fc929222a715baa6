#include "native/symbol_table.h"

#include <elf.h>

#include <algorithm>

#include "native/debug_files.h"
#include "native/demangle.h"

namespace rtprof::native {
namespace {

size_t leading_underscores(const std::string& name) {
  return std::min(name.find_first_not_of('_'), name.size());
}

// Whether perf shows `other` instead of `name` for the same address.
bool is_better(const std::string& other, const std::string& name) {
  size_t underscores = leading_underscores(name);
  size_t other_underscores = leading_underscores(other);
  if (underscores != other_underscores) return other_underscores < underscores;
  return other.size() > name.size();
}

}  // namespace

struct SymbolTable::Candidate {
  uint64_t address;
  uint64_t section_end;
  uint32_t size;
  uint32_t name;
  uint32_t order;
  uint8_t names;
  uint8_t rank;  // the higher the better
};

SymbolTable::SymbolTable(std::shared_ptr<const Binary> binary) : binary_(std::move(binary)) {
  std::vector<Candidate> candidates;
  read(*binary_, candidates);
  add(candidates);
}

void SymbolTable::read(const Binary& binary, std::vector<Candidate>& candidates) {
  auto elf = binary.open_elf();
  if (!elf) return;
  std::shared_ptr<const ElfImage> image;
  if (!binary.readable_path().empty()) {
    image = std::make_shared<const ElfImage>(ElfImage::of_file(binary.readable_path()));
  } else {
    image = std::make_shared<const ElfImage>(ElfImage::of_bytes(binary.image()));
  }
  bool is_whole = read_symbols(image, SHT_SYMTAB, candidates);
  if (!is_whole) {
    UniqueFd debug_file = open_debug_file(binary, *elf);
    is_whole = debug_file.valid() &&
               read_symbols(std::make_shared<const ElfImage>(ElfImage::of_descriptor(std::move(debug_file))),
                            SHT_SYMTAB, candidates);
  }
  if (!is_whole) {
    auto unpacked = unpack_debug_data(*elf);
    if (unpacked) {
      read_symbols(std::make_shared<const ElfImage>(ElfImage::of_bytes(std::move(*unpacked))), SHT_SYMTAB,
                   candidates);
    }
  }
  read_symbols(image, SHT_DYNSYM, candidates);
  read_linkage(image, candidates);
}

bool SymbolTable::read_symbols(const std::shared_ptr<const ElfImage>& image, uint32_t table_type,
                               std::vector<Candidate>& candidates) {
  auto handle = image->open();
  if (!handle.elf) return false;
  auto index = static_cast<uint8_t>(names_.size());
  size_t before = candidates.size();
  auto names = visit_code_symbols(handle.elf.get(), table_type, [&](const CodeSymbol& symbol) {
    uint8_t rank = 0;
    if (symbol.size != 0) rank += 8;
    if (symbol.type != STT_NOTYPE) rank += 4;
    if (symbol.binding != STB_WEAK) rank += 2;
    if (symbol.binding == STB_GLOBAL) rank += 1;
    candidates.push_back({.address = symbol.address,
                          .section_end = symbol.section_end,
                          .size = static_cast<uint32_t>(std::min<uint64_t>(symbol.size, UINT32_MAX)),
                          .name = symbol.name,
                          .order = static_cast<uint32_t>(candidates.size()),
                          .names = index,
                          .rank = rank});
  });
  if (candidates.size() == before) return false;
  names_.push_back({image, *names});
  return true;
}

void SymbolTable::read_linkage(const std::shared_ptr<const ElfImage>& image,
                               std::vector<Candidate>& candidates) {
  auto handle = image->open();
  if (!handle.elf) return;
  auto index = static_cast<uint8_t>(names_.size());
  size_t before = candidates.size();
  auto names = visit_linkage_entries(handle.elf.get(), [&](const LinkageEntry& entry) {
    candidates.push_back({.address = entry.address,
                          .section_end = entry.address + entry.size,
                          .size = static_cast<uint32_t>(entry.size),
                          .name = entry.name,
                          .order = static_cast<uint32_t>(candidates.size()),
                          .names = index,
                          .rank = 15});
  });
  if (candidates.size() != before) names_.push_back({image, *names, "@plt"});
}

void SymbolTable::add(std::vector<Candidate>& candidates) {
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.address != b.address ? a.address < b.address : a.order < b.order;
  });
  if (candidates.empty()) return;
  base_ = candidates.front().address;
  entries_.reserve(candidates.size());
  for (size_t begin = 0; begin < candidates.size();) {
    size_t end = begin;
    while (end < candidates.size() && candidates[end].address == candidates[begin].address) ++end;
    uint64_t next = end < candidates.size() ? candidates[end].address : UINT64_MAX;
    add_group(&candidates[begin], &candidates[0] + end, next);
    begin = end;
  }
  entries_.shrink_to_fit();
  find_nested();
}

// Keeps of the symbols at one address the best, and all that are as good but for their names.
void SymbolTable::add_group(const Candidate* begin, const Candidate* end, uint64_t next) {
  uint64_t start = begin->address - base_;
  if (start > UINT32_MAX) return;
  uint8_t best = 0;
  uint64_t size = 0;
  for (const Candidate* symbol = begin; symbol != end; ++symbol) {
    best = std::max(best, symbol->rank);
    size = std::max<uint64_t>(size, symbol->size);
  }
  bool is_sized = size != 0;
  // perf gives the last of the symbols without a size one, up to the next symbol, and prefers it for that.
  if (!is_sized) {
    begin = end - 1;
    size = std::min(next, begin->section_end) - begin->address;
  }
  for (const Candidate* symbol = begin; symbol != end; ++symbol) {
    if (is_sized && symbol->rank != best) continue;
    entries_.push_back({.start = static_cast<uint32_t>(start),
                        .size = static_cast<uint32_t>(std::min<uint64_t>(size, UINT32_MAX)),
                        .names = symbol->names,
                        .name = symbol->name});
  }
}

void SymbolTable::find_nested() {
  std::vector<std::pair<uint32_t, uint64_t>> open;  // first entry and end, the ends falling
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (i != 0 && entries_[i].start == entries_[i - 1].start) continue;
    uint64_t end = uint64_t{entries_[i].start} + entries_[i].size;
    while (!open.empty() && open.back().second <= end) open.pop_back();
    if (!open.empty() && open.back().second > entries_[i].start)
      nested_.emplace_back(static_cast<uint32_t>(i), open.back().first);
    open.emplace_back(static_cast<uint32_t>(i), end);
  }
  nested_.shrink_to_fit();
}

std::optional<SymbolTable::Found> SymbolTable::find(uint64_t address) const {
  uint64_t place = address - base_;
  if (entries_.empty() || address < base_ || place > UINT32_MAX) return std::nullopt;
  auto after = std::upper_bound(entries_.begin(), entries_.end(), place,
                                [](uint64_t wanted, const Entry& entry) { return wanted < entry.start; });
  auto index = static_cast<size_t>(after - entries_.begin()) - 1;
  while (index != 0 && entries_[index - 1].start == entries_[index].start) --index;
  while (place - entries_[index].start >= entries_[index].size) {
    auto outer =
        std::lower_bound(nested_.begin(), nested_.end(), std::pair(static_cast<uint32_t>(index), 0U));
    if (outer == nested_.end() || outer->first != index) return std::nullopt;
    index = outer->second;
  }
  std::string name = best_name(index);
  if (name.empty()) return std::nullopt;
  return Found{std::move(name), place - entries_[index].start};
}

std::string SymbolTable::name_of(const Entry& entry) const {
  const Names& names = names_[entry.names];
  std::string name = names.image->text_at(names.range.begin + entry.name, names.range.end);
  return name.empty() ? name : demangle(name) + names.suffix;
}

std::string SymbolTable::best_name(size_t first) const {
  std::string best = name_of(entries_[first]);
  for (size_t i = first + 1; i < entries_.size() && entries_[i].start == entries_[first].start; ++i) {
    std::string name = name_of(entries_[i]);
    if (is_better(name, best)) best = std::move(name);
  }
  return best;
}

size_t SymbolTable::memory_use() const {
  size_t images = 0;
  for (const Names& names : names_) images += names.image->memory_use();
  return images + entries_.capacity() * sizeof(Entry) + nested_.capacity() * sizeof nested_[0];
}

}  // namespace rtprof::native
