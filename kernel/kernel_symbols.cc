#include "kernel/kernel_symbols.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "common/base/file.h"

namespace rtprof::kernel {
namespace {

constexpr uint64_t kPage = 4096;

// One line of kallsyms: "ffffffff81000000 T name", and "\t[module]" behind names of modules.
struct Line {
  uint64_t address = 0;
  char type = 0;
  std::string_view name;
  std::string_view module;
};

std::string_view take_line(std::string_view& text) {
  size_t length = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, length);
  text.remove_prefix(std::min(length + 1, text.size()));
  return line;
}

std::optional<Line> parse_line(std::string_view text) {
  Line line;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), line.address, 16);
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (error != std::errc() || text.size() < 4 || text[0] != ' ' || text[2] != ' ') return std::nullopt;
  line.type = text[1];
  text.remove_prefix(3);
  size_t length = std::min(text.find('\t'), text.size());
  line.name = text.substr(0, length);
  text.remove_prefix(length);
  if (text.size() > 3 && text[1] == '[' && text.back() == ']') line.module = text.substr(2, text.size() - 3);
  return line;
}

// As nm has them: in the text section, global or local, or weak.
bool is_code(char type) {
  return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

template <typename Column>
void permute(Column& column, const std::vector<uint32_t>& order) {
  Column sorted;
  sorted.reserve(column.size());
  for (uint32_t index : order) sorted.push_back(column[index]);
  column = std::move(sorted);
}

}  // namespace

KernelSymbols KernelSymbols::read() {
  auto text = read_file("/proc/kallsyms");
  return text ? parse(*text) : KernelSymbols();
}

KernelSymbols KernelSymbols::parse(std::string_view text) {
  KernelSymbols symbols;
  bool any = false;
  bool any_visible = false;
  while (!text.empty()) {
    auto line = parse_line(take_line(text));
    if (!line) continue;
    any = true;
    if (line->address == 0) continue;
    any_visible = true;
    if (line->name == "__sched_text_start") symbols.sched_start_ = line->address;
    if (line->name == "__sched_text_end") symbols.sched_end_ = line->address;
    symbols.add(line->address, is_code(line->type), line->name, line->module);
  }
  symbols.hidden_ = any && !any_visible;
  symbols.sort();
  symbols.text_.shrink_to_fit();
  symbols.starts_.shrink_to_fit();
  symbols.names_.shrink_to_fit();
  symbols.module_of_.shrink_to_fit();
  return symbols;
}

void KernelSymbols::add(uint64_t start, bool is_code, std::string_view name, std::string_view module) {
  if (text_.size() + name.size() >= kNoName) return;
  if (modules_.back() != module && modules_.size() < UINT16_MAX) modules_.emplace_back(module);
  starts_.push_back(start);
  module_of_.push_back(static_cast<uint16_t>(modules_.size() - 1));
  names_.push_back(is_code ? static_cast<uint32_t>(text_.size()) : kNoName);
  if (!is_code) return;
  text_ += name;
  text_ += '\0';
}

void KernelSymbols::sort() {
  if (std::is_sorted(starts_.begin(), starts_.end())) return;
  std::vector<uint32_t> order(starts_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [this](uint32_t a, uint32_t b) { return starts_[a] < starts_[b]; });
  permute(starts_, order);
  permute(names_, order);
  permute(module_of_, order);
}

std::optional<KernelSymbols::Found> KernelSymbols::find(uint64_t address) const {
  auto after = std::upper_bound(starts_.begin(), starts_.end(), address);
  if (after == starts_.begin()) return std::nullopt;
  auto index = static_cast<size_t>(after - starts_.begin()) - 1;
  uint64_t start = starts_[index];
  // The last of the symbols at the address that is code.
  while (names_[index] == kNoName) {
    if (index == 0 || starts_[index - 1] != start) return std::nullopt;
    --index;
  }
  const std::string& module = modules_[module_of_[index]];
  // The last function of the kernel or of a module is not known to be longer than a page, as in perf.
  bool is_last =
      after == starts_.end() || modules_[module_of_[static_cast<size_t>(after - starts_.begin())]] != module;
  if (is_last && address >= (start / kPage + 2) * kPage) return std::nullopt;
  return Found{text_.c_str() + names_[index], module, address - start};
}

size_t KernelSymbols::memory_use() const {
  return text_.capacity() + starts_.capacity() * sizeof starts_[0] + names_.capacity() * sizeof names_[0] +
         module_of_.capacity() * sizeof module_of_[0];
}

std::string KernelSymbols::how_to_show() {
  auto restriction = read_file("/proc/sys/kernel/kptr_restrict");
  if (restriction && restriction->starts_with('2')) {
    return "kernel.kptr_restrict=2 hides the kernel's addresses from everybody: sysctl "
           "kernel.kptr_restrict=1 "
           "shows them to root and to programs with CAP_SYSLOG";
  }
  return "run as root or with CAP_SYSLOG; sysctl kernel.kptr_restrict=0 together with "
         "kernel.perf_event_paranoid=1 shows them to everybody";
}

}  // namespace rtprof::kernel
