#include "agents/jvm/start.h"

#include <cstring>

namespace rtprof::agents::jvm {
namespace {

bool is_place(uint32_t offset) {
  return offset < kLargestOffset && offset % sizeof(uint64_t) == 0;
}

}  // namespace

bool is_valid(const Start& start, const Secret& secret) {
  bool is_start = start.header.magic == kMagic && start.header.protocol == kProtocol &&
                  start.header.type == MessageType::kStart && start.header.size == sizeof(Start);
  const ThreadOffsets& thread = start.thread;
  return is_start && std::memcmp(&start.secret, &secret, sizeof secret) == 0 &&
         start.allocation_interval != 0 && start.allocation_interval <= INT32_MAX &&
         is_place(thread.last_sp) && is_place(thread.last_pc) && is_place(thread.last_fp) &&
         is_place(thread.stack_base) && is_place(thread.stack_size);
}

}  // namespace rtprof::agents::jvm
