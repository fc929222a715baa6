#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rtprof::kernel {

// The names of the kernel's code and that of its modules, from /proc/kallsyms. Immutable, for any thread.
class KernelSymbols {
 public:
  // Of the running kernel. Without symbols when the kernel has none or hides them.
  static KernelSymbols read();
  // Of the text of a kallsyms file.
  static KernelSymbols parse(std::string_view text);

  struct Found {
    std::string_view name;    // lives as long as this
    std::string_view module;  // empty: the kernel itself
    uint64_t offset = 0;
  };
  // Nothing for an address that is no kernel code. A symbol reaches to the next one. Of several at an address
  // the last in the file is found, which perf shows too (symbols__fixup_end() gives it the size).
  std::optional<Found> find(uint64_t address) const;

  // Code of the scheduler and of what is built on it (mutexes, completions, timeouts): .sched.text. The
  // kernel itself leaves it out where it tells what a thread waits in.
  bool of_scheduler(uint64_t address) const { return address >= sched_start_ && address < sched_end_; }

  // There are symbols, but their addresses are not for us to see; how_to_show() says what permits it.
  bool hidden() const { return hidden_; }
  static std::string how_to_show();

  size_t size() const { return starts_.size(); }
  // Bytes held, roughly.
  size_t memory_use() const;

 private:
  // Where a name is that is none: what ends the code before it.
  static constexpr uint32_t kNoName = UINT32_MAX;

  void add(uint64_t start, bool is_code, std::string_view name, std::string_view module);
  void sort();

  // Columns, by address: where a symbol starts, where its name is in text_, the index of its module.
  std::vector<uint64_t> starts_;
  std::vector<uint32_t> names_;
  std::vector<uint16_t> module_of_;
  std::string text_;  // names, each ended by NUL
  std::vector<std::string> modules_ = {""};
  uint64_t sched_start_ = 0;
  uint64_t sched_end_ = 0;
  bool hidden_ = false;
};

}  // namespace rtprof::kernel
