#include "jvm/stack_chunks.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "jvm/java_strings.h"

namespace rtprof::jvm {

std::optional<uint64_t> StackChunks::Chunk::word(Address address) const {
  Address offset = address - begin();
  if (address < begin() || bytes.size() < sizeof(uint64_t) || offset > bytes.size() - sizeof(uint64_t))
    return std::nullopt;
  uint64_t value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

bool StackChunks::overlaps(const rt_chunk& chunk) const {
  return std::ranges::any_of(chunks_, [&](const Chunk& other) {
    return chunk.address < other.end && chunk.address + chunk.bytes > other.begin();
  });
}

StackChunks::StackChunks(std::span<const uint8_t> record) {
  constexpr size_t kHead = offsetof(rt_chunk_record, frames);
  if (record.size() < kHead) return;
  rt_chunk_record head;
  std::memcpy(&head, record.data(), kHead);
  entry_ = head.entry;
  is_cut_ = head.is_cut != 0;
  std::span<const uint8_t> frames = record.subspan(kHead);
  for (uint32_t i = 0; i < std::min<uint32_t>(head.count, RT_MAX_CHUNKS); ++i) {
    const rt_chunk& chunk = head.chunks[i];
    if (chunk.bytes <= RT_CHUNK_LINK_BYTES || chunk.address > UINT64_MAX - chunk.bytes || overlaps(chunk)) {
      is_cut_ = true;
      return;
    }
    size_t copied = std::min<size_t>({chunk.copied, chunk.bytes, frames.size()});
    chunks_.push_back(
        {chunk.address + RT_CHUNK_LINK_BYTES, chunk.address + chunk.bytes, frames.first(copied)});
    frames = frames.subspan(copied);
  }
}

std::optional<native::CarriedThread> carried_thread(std::span<const uint8_t> record) {
  constexpr size_t kHead = offsetof(rt_chunk_record, frames);
  constexpr uint32_t kUtf16 = 1;  // java.lang.String.UTF16
  if (record.size() < kHead) return std::nullopt;
  rt_chunk_record head;
  std::memcpy(&head, record.data(), kHead);
  if (head.thread_id == 0) return std::nullopt;
  std::span<const uint8_t> name(head.name, std::min<size_t>(head.name_bytes, RT_NAME_BYTES));
  return native::CarriedThread{head.thread_id,
                               head.name_coder == kUtf16 ? utf8_of_utf16(name) : utf8_of_latin1(name)};
}

std::optional<size_t> StackChunks::holding(Address address) const {
  for (size_t i = 0; i < chunks_.size(); ++i) {
    if (address >= chunks_[i].begin() && address < chunks_[i].end) return i;
  }
  return std::nullopt;
}

}  // namespace rtprof::jvm
