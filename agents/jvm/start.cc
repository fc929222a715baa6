#include "agents/jvm/start.h"

#include <cstring>

namespace rtprof::agents::jvm {
namespace {

// Six arguments are in registers, and the last two that matter are sizes.
constexpr uint32_t kLastSize = 4;

bool is_place(uint32_t offset) {
  return offset < kLargestOffset && offset % sizeof(uint64_t) == 0;
}

bool is_member(uint32_t offset) {
  return offset < kLargestOffset;
}

bool is_valid(const AllocationTraces& traces) {
  return traces.new_buffer == 0 ||
         (traces.outside != 0 && traces.full_buffer != 0 && traces.sizes_at > 0 &&
          traces.sizes_at <= kLastSize && is_member(traces.refills) && is_place(traces.desired_words) &&
          is_place(traces.waste_words) && is_member(traces.buffer_reserve) && is_place(traces.klass_name) &&
          is_member(traces.symbol_length) && is_member(traces.symbol_body));
}

bool is_valid(const AllocatedBytes& allocated) {
  return is_place(allocated.counted) && is_place(allocated.buffer_start) && is_place(allocated.buffer_top);
}

template <typename Message>
bool is_message(const Message& message, MessageType type, const Secret& secret) {
  return message.header.magic == kMagic && message.header.protocol == kProtocol &&
         message.header.type == type && message.header.size == sizeof(Message) &&
         std::memcmp(&message.secret, &secret, sizeof secret) == 0;
}

}  // namespace

bool is_valid(const Start& start, const Secret& secret) {
  const ThreadOffsets& thread = start.thread;
  bool is_known = start.events != 0 && (start.events & ~kAllEvents) == 0;
  return is_message(start, MessageType::kStart, secret) && is_known && start.allocation_interval != 0 &&
         start.allocation_interval <= INT32_MAX && is_place(thread.last_sp) && is_place(thread.last_pc) &&
         is_place(thread.last_fp) && is_place(thread.stack_base) && is_place(thread.stack_size) &&
         is_valid(start.allocated) && is_valid(start.traces);
}

bool is_valid(const Knowledge& knowledge, const Secret& secret) {
  return is_message(knowledge, MessageType::kKnowledge, secret) && is_place(knowledge.chunks.thread_entry);
}

bool is_valid(const Read& read, const Secret& secret) {
  if (!is_message(read, MessageType::kRead, secret) || read.count > kMostReadRanges) return false;
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < read.count; ++i) {
    if (read.ranges[i].size > kMostReadBytes) return false;
    bytes += read.ranges[i].size;
  }
  return bytes <= kMostReadBytes;
}

bool is_valid(const ReadPlace& read, const Secret& secret) {
  return is_message(read, MessageType::kReadPlace, secret) && read.tid > 0;
}

bool is_valid(const Flush& flush, const Secret& secret) {
  return is_message(flush, MessageType::kFlush, secret);
}

}  // namespace rtprof::agents::jvm
