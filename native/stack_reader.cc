#include "native/stack_reader.h"

#include <algorithm>

namespace rtprof::native {
namespace {

// A thread pointer that lies further above the stack pointer belongs to something else: the bound of
// machine.bpf.h.
constexpr uint64_t kMostToThreadPointer = 64 << 20;
constexpr uint64_t kPage = 4096;

// The mapping of the first thread's stack grows downwards since it was looked at.
bool holds(const Mapping& mapping, Address sp) {
  bool grows = mapping.path == "[stack]" && mapping.end - sp < kMostToThreadPointer;
  return sp < mapping.end && (sp >= mapping.start || grows);
}

}  // namespace

std::optional<Address> StackReader::end_of_stack(Address sp, Address thread_pointer) {
  if (thread_pointer > sp && thread_pointer - sp < kMostToThreadPointer) return thread_pointer;
  auto mapping =
      std::find_if(mappings_.begin(), mappings_.end(), [&](const Mapping& each) { return holds(each, sp); });
  outdated_ = outdated_ || mapping == mappings_.end();
  return mapping == mappings_.end() ? std::nullopt : std::optional(mapping->end);
}

// Where the mapping has become smaller since it was looked at: its pages up to the first that is gone.
void StackReader::read_what_is_there(Address sp) {
  outdated_ = true;
  std::vector<MemoryRange> pages;
  for (size_t at = 0; at < stack_.size();) {
    size_t size = std::min<size_t>(kPage - (sp + at) % kPage, stack_.size() - at);
    pages.push_back({sp + at, stack_.data() + at, size});
    at += size;
  }
  size_t read = process_.memory().read_batch(pages);
  stack_.resize(read == 0 ? 0 : pages[read - 1].address + pages[read - 1].size - sp);
}

std::optional<StackSnapshot> StackReader::read(const Registers& registers, Address thread_pointer) {
  Address sp = registers.sp();
  auto end = end_of_stack(sp, thread_pointer);
  if (!end) return std::nullopt;
  stack_.resize(std::min<size_t>(*end - sp, most_));
  if (!process_.memory().read(sp, stack_.data(), stack_.size())) read_what_is_there(sp);
  if (stack_.empty()) return std::nullopt;
  return StackSnapshot{.registers = registers, .stack_address = sp, .stack = stack_};
}

std::optional<StackSnapshot> StackReader::read(const ThreadPlace& place, Address thread_pointer) {
  Registers registers;
  registers.values[Registers::kRsp] = place.sp;
  registers.values[Registers::kRip] = place.pc;
  auto snapshot = read(registers, thread_pointer);
  if (snapshot) snapshot->known = 1u << Registers::kRsp | 1u << Registers::kRip;
  return snapshot;
}

void StackReader::refresh() {
  if (!outdated_) return;
  mappings_ = process_.mappings();
  outdated_ = false;
}

}  // namespace rtprof::native
