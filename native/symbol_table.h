#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "native/binary.h"
#include "native/symbol_source.h"

namespace rtprof::native {

// The names of a binary's code: from .symtab and .dynsym of the file itself, of a separate debug file or of
// .gnu_debugdata, and from its linkage table ("memcpy@plt").
//
// Where several symbols are at an address, the name is the one that perf shows: choose_best_symbol() in
// tools/perf/util/symbol.c, whose rules in this order are: a size before none, a type before none, strong
// before weak, global before local, fewer underscores in front, the longest; the last two of the demangled
// names.
//
// A large table (a browser has a million symbols) costs 12 bytes a symbol: the names stay in the file and are
// read when asked for. Immutable but for the file positions it reads at; for any thread.
class SymbolTable {
 public:
  // Reads what can be read: a damaged file has few symbols or none.
  explicit SymbolTable(std::shared_ptr<const Binary> binary);

  struct Found {
    std::string name;     // demangle()d
    uint64_t offset = 0;  // of the address in the function
  };
  // `address`: the file's own, as linked. Nothing for an address behind the end of the symbol before it. A
  // symbol without a size reaches to the next one, or to the end of its section.
  std::optional<Found> find(uint64_t address) const;

  size_t size() const { return entries_.size(); }
  // Bytes held, roughly.
  size_t memory_use() const;

 private:
  struct Candidate;
  // A range of code and where its name is. Entries of the same start are names to choose from.
  struct Entry {
    uint32_t start;  // from base_
    uint32_t size;
    uint32_t names : 2;  // index into names_
    uint32_t name : 30;  // from the begin of those names
  };
  // A string table that names are in.
  struct Names {
    std::shared_ptr<const ElfImage> image;
    NameRange range;
    const char* suffix = "";
  };

  void read(const Binary& binary, std::vector<Candidate>& candidates);
  bool read_symbols(const std::shared_ptr<const ElfImage>& image, uint32_t table_type,
                    std::vector<Candidate>& candidates);
  void read_linkage(const std::shared_ptr<const ElfImage>& image, std::vector<Candidate>& candidates);
  void add(std::vector<Candidate>& candidates);
  void add_group(const Candidate* begin, const Candidate* end, uint64_t next);
  void find_nested();
  std::string name_of(const Entry& entry) const;
  std::string best_name(size_t first) const;

  std::shared_ptr<const Binary> binary_;
  std::vector<Names> names_;
  std::vector<Entry> entries_;  // by start
  // Entries that lie within another one which goes on behind them, and the first entry of that one; by index.
  std::vector<std::pair<uint32_t, uint32_t>> nested_;
  uint64_t base_ = 0;
};

}  // namespace rtprof::native
