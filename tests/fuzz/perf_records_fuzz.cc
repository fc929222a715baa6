// The parser of perf records over any bytes: what it hands out lies within the record. The first byte chooses
// what the events asked for.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <variant>
#include <vector>

#include "kernel/perf_records.h"

namespace rtprof::kernel {
namespace {

void check(bool holds) {
  if (!holds) __builtin_trap();
}

template <typename T>
void check_within(std::span<const T> part, std::span<const uint64_t> record) {
  if (part.empty()) return;
  auto* begin = reinterpret_cast<const uint8_t*>(part.data());
  check(begin >= reinterpret_cast<const uint8_t*>(record.data()) &&
        begin + part.size_bytes() <= reinterpret_cast<const uint8_t*>(record.data() + record.size()));
}

void check_record(const PerfRecord& record, std::span<const uint64_t> words) {
  if (auto* sample = std::get_if<SampleRecord>(&record)) {
    check_within(sample->kernel_callchain, words);
    check_within(sample->user_callchain, words);
    if (sample->user) check_within(sample->user->stack, words);
    check(sample->id.time == time_of_perf_record(words));
  } else if (auto* mapping = std::get_if<MappingRecord>(&record)) {
    check_within(std::span<const char>(mapping->path), words);
    check(mapping->id.time == time_of_perf_record(words));
  } else if (auto* name = std::get_if<NameRecord>(&record)) {
    check_within(std::span<const char>(name->name), words);
  }
}

}  // namespace
}  // namespace rtprof::kernel

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rtprof::kernel;
  if (size == 0) return 0;
  RecordFormat format{.callchain = (data[0] & 1) != 0, .user_stack = (data[0] & 2) != 0};
  std::vector<uint64_t> words((size - 1) / sizeof(uint64_t));
  if (!words.empty()) std::memcpy(words.data(), data + 1, words.size() * sizeof(uint64_t));
  if (auto record = parse_perf_record(words, format)) check_record(*record, words);
  return 0;
}
