#include "jvm/allocation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <utility>

#include "common/agent/ring_reader.h"

namespace rtprof::jvm {
namespace {

using Record = agents::jvm::Allocation;

// Of one object; more than any heap has.
constexpr uint64_t kMostBytes = uint64_t{1} << 46;

// The record without its commit, which is atomic.
struct Fields {
  uint64_t time;
  uint64_t bytes;
  int32_t tid;
  uint32_t name_size;
  agents::StackHeader stack;
  uint32_t chunk_bytes;
  uint32_t reserved[3];
};
static_assert(sizeof(Fields) + sizeof(agents::RecordHeader) == sizeof(Record));
static_assert(offsetof(Record, time) == sizeof(agents::RecordHeader));
static_assert(sizeof(Record) + agents::jvm::kMostNameBytes + agents::kMostStackBytes +
                  sizeof(rt_chunk_record) + 3 * agents::kRecordAlignment <=
              RingReader::kMostRecordBytes);

uint64_t aligned(uint64_t size) {
  return (size + agents::kRecordAlignment - 1) / agents::kRecordAlignment * agents::kRecordAlignment;
}

std::string_view primitive_name(char letter) {
  constexpr std::pair<char, std::string_view> kNames[] = {{'B', "byte"},  {'C', "char"},   {'D', "double"},
                                                          {'F', "float"}, {'I', "int"},    {'J', "long"},
                                                          {'S', "short"}, {'Z', "boolean"}};
  auto found = std::find_if(std::begin(kNames), std::end(kNames),
                            [letter](const auto& each) { return each.first == letter; });
  return found == std::end(kNames) ? std::string_view() : found->second;
}

}  // namespace

std::optional<Allocation> parse_allocation(std::span<const uint8_t> record) {
  if (record.size() < sizeof(Record)) return std::nullopt;
  Fields fields;
  std::memcpy(&fields, record.data() + sizeof(agents::RecordHeader), sizeof fields);
  uint64_t stack_at = aligned(sizeof(Record) + uint64_t{fields.name_size});
  uint64_t chunks_at = aligned(stack_at + fields.stack.size);
  if (chunks_at > record.size() || fields.chunk_bytes > record.size() - chunks_at) return std::nullopt;
  if (fields.bytes == 0 || fields.bytes > kMostBytes || fields.name_size > agents::jvm::kMostNameBytes)
    return std::nullopt;
  Allocation found;
  found.time = static_cast<TimePoint>(fields.time);
  found.bytes = fields.bytes;
  found.inner_tid = fields.tid;
  found.type = {reinterpret_cast<const char*>(record.data()) + sizeof(Record), fields.name_size};
  StackSnapshot& stack = found.stack;
  stack.registers.values[Registers::kRip] = fields.stack.pc;
  stack.registers.values[Registers::kRsp] = fields.stack.sp;
  stack.registers.values[Registers::kRbp] = fields.stack.fp;
  stack.known = 1u << Registers::kRip | 1u << Registers::kRsp;
  if (fields.stack.fp != 0) stack.known |= 1u << Registers::kRbp;
  stack.at_call = true;
  stack.stack_address = fields.stack.sp;
  stack.stack = record.subspan(stack_at, fields.stack.size);
  stack.attached = record.subspan(chunks_at, fields.chunk_bytes);
  return found;
}

std::string type_name(std::string_view signature) {
  size_t dimensions = std::min(signature.find_first_not_of('['), signature.size());
  std::string_view element = signature.substr(dimensions);
  std::string name;
  if (element.size() > 2 && element.front() == 'L' && element.back() == ';') {
    name = element.substr(1, element.size() - 2);
    std::replace(name.begin(), name.end(), '/', '.');
  } else if (element.size() == 1) {
    name = primitive_name(element.front());
  }
  if (name.empty()) return std::string(signature);
  for (size_t i = 0; i < dimensions; ++i) name += "[]";
  return name;
}

SampledWeight SampleWeigher::weigh(uint64_t bytes) {
  double size = static_cast<double>(bytes) / interval_;
  double probability = -std::expm1(-size);
  double factor = 1;
  if (samples_early_) {
    // The mean of o exp(-o) over o from 0 to the size. Among objects that large nearly each is sampled, early
    // or not. Whose sample came early is not known, so all are weighed less by the mean.
    constexpr double kLarge = 0.5;
    if (size < kLarge) early_ += (probability - size * std::exp(-size)) / size;
    factor = 1 - early_ / ++samples_;
  }
  return {factor * static_cast<double>(bytes) / probability, factor / probability};
}

}  // namespace rtprof::jvm
