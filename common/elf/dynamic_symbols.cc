#include "common/elf/dynamic_symbols.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

namespace rtprof {
namespace {

constexpr uint64_t kMostEntries = 1024;

template <typename T>
std::optional<T> value_at(const ElfFile& file, uint64_t address) {
  auto bytes = file.bytes_at(address, sizeof(T));
  if (!bytes) return std::nullopt;
  T value;
  std::memcpy(&value, bytes->data(), sizeof value);
  return value;
}

struct Tables {
  uint64_t symbols = 0;
  uint64_t strings = 0;
  uint64_t hash = 0;
};

Tables tables_of(const ElfFile& file, const ElfFile::Segment& dynamic) {
  Tables tables;
  uint64_t count = std::min(dynamic.file_size / sizeof(Elf64_Dyn), kMostEntries);
  for (uint64_t i = 0; i < count; ++i) {
    auto entry = value_at<Elf64_Dyn>(file, dynamic.address + i * sizeof(Elf64_Dyn));
    if (!entry || entry->d_tag == DT_NULL) break;
    if (entry->d_tag == DT_SYMTAB) tables.symbols = entry->d_un.d_ptr;
    if (entry->d_tag == DT_STRTAB) tables.strings = entry->d_un.d_ptr;
    if (entry->d_tag == DT_GNU_HASH) tables.hash = entry->d_un.d_ptr;
  }
  return tables;
}

uint32_t gnu_hash(std::string_view name) {
  uint32_t hash = 5381;
  for (char c : name) hash = hash * 33 + static_cast<unsigned char>(c);
  return hash;
}

bool is_called(const ElfFile& file, uint64_t address, std::string_view name) {
  auto bytes = file.bytes_at(address, name.size() + 1);
  return bytes && bytes->compare(0, name.size(), name) == 0 && bytes->back() == '\0';
}

// The start of a GNU hash table; a filter of `filter_words` words, the buckets and the chains follow.
struct HashHeader {
  uint32_t buckets;
  uint32_t first_symbol;  // that the table covers
  uint32_t filter_words;
  uint32_t filter_shift;
};

}  // namespace

std::optional<ElfFile::Symbol> find_dynamic_symbol(const ElfFile& file, const ElfFile::Segment& dynamic,
                                                   std::string_view name) {
  Tables tables = tables_of(file, dynamic);
  auto header = value_at<HashHeader>(file, tables.hash);
  if (tables.hash == 0 || !header || header->buckets == 0) return std::nullopt;
  uint64_t buckets = tables.hash + sizeof(HashHeader) + uint64_t{header->filter_words} * sizeof(uint64_t);
  uint64_t chains = buckets + uint64_t{header->buckets} * sizeof(uint32_t);
  uint32_t wanted = gnu_hash(name);
  auto first = value_at<uint32_t>(file, buckets + uint64_t{wanted % header->buckets} * sizeof(uint32_t));
  if (!first || *first < header->first_symbol) return std::nullopt;
  // A chain ends at a hash with its lowest bit set, or with the file.
  for (uint64_t index = *first;; ++index) {
    auto hash = value_at<uint32_t>(file, chains + (index - header->first_symbol) * sizeof(uint32_t));
    if (!hash) return std::nullopt;
    if ((*hash | 1) == (wanted | 1)) {
      auto symbol = value_at<Elf64_Sym>(file, tables.symbols + index * sizeof(Elf64_Sym));
      if (symbol && symbol->st_shndx != SHN_UNDEF && is_called(file, tables.strings + symbol->st_name, name))
        return ElfFile::Symbol{symbol->st_value, symbol->st_size};
    }
    if ((*hash & 1) != 0) return std::nullopt;
  }
}

}  // namespace rtprof
