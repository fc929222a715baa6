#include "python/remote_walker.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace rtprof {
namespace {

// Ranges with less than this between them are read as one: a further range costs more than the bytes. It is
// less than a page, so that the bytes between two readable ranges are readable.
constexpr uint64_t kWorthReading = 1024;
// A stack that has grown by less than this since it was last walked is still one read.
constexpr uint64_t kRoomToGrow = 1024;
// Against garbage in the headers of chunks. A chunk is 16 KiB, or twice the largest frame.
constexpr uint64_t kLargestChunk = 1 << 20;
constexpr size_t kMostChunks = 256;
constexpr size_t kMostBytes = 4 << 20;
constexpr size_t kMostGuesses = 2048;
constexpr uint64_t kUserSpace = uint64_t{1} << 47;

template <typename T>
T field(const uint8_t* bytes, uint16_t offset) {
  T value;
  std::memcpy(&value, bytes + offset, sizeof value);
  return value;
}

bool plausible(Address address, size_t size) {
  return address != 0 && address < kUserSpace && size < kUserSpace - address;
}

}  // namespace

rt_py_frame code_and_ip_of(const rt_py_walk& walk, const uint8_t* bytes) {
  rt_py_frame frame;
  frame.code = field<uint64_t>(bytes, walk.frame_code) & walk.code_mask;
  frame.ip =
      walk.frame_ip_size == 4 ? field<uint32_t>(bytes, walk.frame_ip) : field<uint64_t>(bytes, walk.frame_ip);
  return frame;
}

RemoteWalker::RemoteWalker(const Memory& memory, const PythonLayout& layout)
    : memory_(memory), layout_(layout) {
  size_t end = std::max(layout.walk.thread_frame, layout.walk.thread_id) + sizeof(uint64_t);
  // datastack_top follows datastack_chunk (Include/cpython/pystate.h of 3.11 to 3.15).
  if (layout.thread.datastack_chunk != kNoOffset)
    end = std::max(end, layout.thread.datastack_chunk + 2 * sizeof(uint64_t));
  state_bytes_ = static_cast<uint32_t>(end);
  frames_.reserve(kMostFrames);
}

RemoteWalker::Walk RemoteWalker::walk(Address state, uint64_t thread_id, WalkMemory& memory) {
  frames_.clear();
  addresses_.clear();
  marked_.clear();
  leaf_ = 0;
  leaf_frame_ = {};
  if (!start(state, memory)) return {.end = StackEnd::kThreadGone};
  if (field<uint64_t>(buffer_.data(), layout_.walk.thread_id) != thread_id)
    return {.end = StackEnd::kThreadGone};
  Address next = 0;
  StackEnd end = enter(next) ? StackEnd::kComplete : StackEnd::kReadError;
  leaf_ = next;
  // Brent's way of noticing a cycle: a mark that moves on to the current frame after 1, 2, 4, 8… steps.
  Address mark = 0;
  size_t steps = 0;
  while (next != 0) {
    auto frame = frame_at(next);
    if (!frame) {
      end = StackEnd::kReadError;
      break;
    }
    if (steps == 0) leaf_frame_ = *frame;
    if (frame->shim) {
      mark_entry(frame->back);
    } else {
      if (frames_.size() == kMostFrames) {
        end = StackEnd::kTruncated;
        break;
      }
      frames_.push_back(frame->code_and_ip);
      addresses_.push_back(next);
      marked_.push_back(frame->code_and_ip);
      if (frame->entry) marked_.back().code |= RT_PY_ENTRY;
    }
    if (next == mark || steps > 2 * kMostFrames) {
      end = StackEnd::kChanged;
      break;
    }
    if ((steps & (steps - 1)) == 0) mark = next;
    ++steps;
    next = frame->back;
  }
  remember(memory);
  return {end, frames_, addresses_, marked_};
}

// As mark_entry() in walk.bpf.c: what a shim tells of the frames leafward of it.
void RemoteWalker::mark_entry(Address back) {
  if (!marked_.empty() && (marked_.back().code & RT_PY_ENTRY) == 0) {
    marked_.back().code |= RT_PY_ENTRY;
    return;
  }
  if (!marked_.empty() && back == 0) return;
  marked_.push_back({RT_PY_ENTRY, 0});
}

// Copies the thread state and, in the same read, what the last walk used.
bool RemoteWalker::start(Address state, const WalkMemory& memory) {
  state_ = state;
  guessed_.clear();
  chunks_.clear();
  used_.clear();
  ranges_.clear();
  older_chunk_ = {};
  size_t size = state_bytes_;
  for (const WalkMemory::Range& range : memory.ranges) size += range.size;
  buffer_.resize(size);
  if (!plausible(state, state_bytes_)) return false;
  ranges_.push_back({state, buffer_.data(), state_bytes_});
  uint32_t at = state_bytes_;
  for (const WalkMemory::Range& range : memory.ranges) {
    ranges_.push_back({range.address, buffer_.data() + at, range.size});
    guessed_.push_back({range.address, range.size, at});
    at += range.size;
  }
  size_t read = memory_.read_batch(ranges_);
  if (read == 0) return false;
  guessed_.resize(read - 1);
  return true;
}

// Finds the leaf frame; nothing runs when it is 0.
bool RemoteWalker::enter(Address& leaf) {
  const rt_py_walk& walk = layout_.walk;
  leaf = field<uint64_t>(buffer_.data(), walk.thread_frame);
  if (leaf != 0 && walk.cframe_frame != kNoOffset) {
    Address at = leaf + walk.cframe_frame;
    const uint8_t* bytes = get(at, sizeof leaf);
    if (bytes == nullptr) return false;
    leaf = field<uint64_t>(bytes, 0);
  }
  if (layout_.thread.datastack_chunk != kNoOffset) {
    const uint8_t* fields = buffer_.data() + layout_.thread.datastack_chunk;
    load_newest_chunk(field<uint64_t>(fields, 0), field<uint64_t>(fields, sizeof(uint64_t)));
  }
  return true;
}

std::optional<RemoteWalker::Frame> RemoteWalker::frame_at(Address address) {
  size_t size = layout_.walk.frame_size;
  const uint8_t* bytes = find(chunks_, address, size);
  if (bytes == nullptr && load_older_chunk(address)) bytes = find(chunks_, address, size);
  if (bytes == nullptr) bytes = get(address, size);
  if (bytes == nullptr) return std::nullopt;
  return parse(bytes);
}

RemoteWalker::Frame RemoteWalker::parse(const uint8_t* bytes) const {
  const rt_py_walk& walk = layout_.walk;
  Frame frame;
  frame.back = field<uint64_t>(bytes, walk.frame_back);
  frame.code_and_ip = code_and_ip_of(walk, bytes);
  if (walk.frame_owner != kNoOffset) {
    auto owner = field<uint8_t>(bytes, walk.frame_owner);
    frame.shim = owner < 16 && (walk.shim_owners >> owner & 1) != 0;
  }
  frame.entry = walk.frame_owner == kNoOffset ||
                (walk.frame_entry != kNoOffset && field<uint8_t>(bytes, walk.frame_entry) != 0);
  return frame;
}

// Of copies that are ordered by address, and do not overlap.
const uint8_t* RemoteWalker::find(const std::vector<Copy>& copies, Address address, size_t size) const {
  auto after = std::upper_bound(copies.begin(), copies.end(), address,
                                [](Address value, const Copy& copy) { return value < copy.address; });
  if (after == copies.begin()) return nullptr;
  const Copy& copy = *std::prev(after);
  uint64_t within = address - copy.address;
  return within <= copy.size && size <= copy.size - within ? buffer_.data() + copy.at + within : nullptr;
}

// Bytes outside the chunks, which the next walk is to guess. The pointer holds until the next call; null when
// they are not readable.
const uint8_t* RemoteWalker::get(Address address, size_t size) {
  if (!plausible(address, size)) return nullptr;
  used_.push_back({address, static_cast<uint32_t>(size)});
  const uint8_t* known = find(guessed_, address, size);
  return known != nullptr ? known : copy(address, size);
}

const uint8_t* RemoteWalker::copy(Address address, size_t size) {
  size_t at = buffer_.size();
  buffer_.resize(at + size);
  if (memory_.read(address, buffer_.data() + at, size)) return buffer_.data() + at;
  buffer_.resize(at);
  return nullptr;
}

void RemoteWalker::load_newest_chunk(Address chunk, Address top) {
  if (top > chunk && top - chunk <= kLargestChunk) load_chunk(chunk, top - chunk);
}

// Called for a frame that is in none of the copied chunks: it is in the next one, or in none at all.
bool RemoteWalker::load_older_chunk(Address frame) {
  if (older_chunk_.address == 0 || chunks_.size() >= kMostChunks || buffer_.size() > kMostBytes) return false;
  if (older_chunk_.size == 0) {
    const uint8_t* header = get(older_chunk_.address, layout_.stack_chunk.data);
    if (header == nullptr) older_chunk_ = {};
    if (header == nullptr) return false;
    older_chunk_.size = std::min(field<uint64_t>(header, layout_.stack_chunk.size), kLargestChunk);
  }
  uint64_t within = frame - older_chunk_.address;
  uint64_t end = within + layout_.walk.frame_size;
  return within >= layout_.stack_chunk.data && end <= older_chunk_.size &&
         load_chunk(older_chunk_.address, end);
}

bool RemoteWalker::load_chunk(Address address, uint64_t size) {
  const StackChunkLayout& layout = layout_.stack_chunk;
  older_chunk_ = {};
  size = std::max<uint64_t>(size, layout.data);
  if (!plausible(address, size)) return false;
  const uint8_t* bytes = find(guessed_, address, size);
  if (bytes == nullptr) bytes = copy(address, size);
  if (bytes == nullptr) return false;
  Copy chunk{address, static_cast<uint32_t>(size), static_cast<uint32_t>(bytes - buffer_.data())};
  auto place = std::upper_bound(chunks_.begin(), chunks_.end(), address,
                                [](Address value, const Copy& other) { return value < other.address; });
  chunks_.insert(place, chunk);
  uint64_t capacity = std::min(field<uint64_t>(bytes, layout.size), kLargestChunk);
  used_.push_back({address, static_cast<uint32_t>(std::max(size, std::min(size + kRoomToGrow, capacity)))});
  older_chunk_.address = field<uint64_t>(bytes, layout.previous);
  return true;
}

// The ranges that this walk used, near ones as one, are the next one's guess.
void RemoteWalker::remember(WalkMemory& memory) {
  std::sort(used_.begin(), used_.end(), [](const auto& a, const auto& b) { return a.address < b.address; });
  memory.ranges.clear();
  size_t bytes = 0;
  for (const WalkMemory::Range& range : used_) {
    if (memory.ranges.size() == kMostGuesses || bytes > kMostBytes) return;
    if (!memory.ranges.empty()) {
      WalkMemory::Range& last = memory.ranges.back();
      if (range.address <= last.address + last.size + kWorthReading) {
        uint64_t end = std::max(last.address + last.size, range.address + range.size);
        bytes += end - last.address - last.size;
        last.size = static_cast<uint32_t>(end - last.address);
        continue;
      }
    }
    memory.ranges.push_back(range);
    bytes += range.size;
  }
}

bool RemoteWalker::still_there() {
  Address leaf = memory_.pointer(state_ + layout_.walk.thread_frame).value_or(0);
  if (leaf != 0 && layout_.walk.cframe_frame != kNoOffset)
    leaf = memory_.pointer(leaf + layout_.walk.cframe_frame).value_or(0);
  if (leaf != leaf_) return false;
  if (leaf == 0) return true;
  std::array<uint8_t, RT_PY_FRAME_BYTES> bytes;
  if (!memory_.read(leaf, bytes.data(), layout_.walk.frame_size)) return false;
  Frame now = parse(bytes.data());
  return now.back == leaf_frame_.back && now.code_and_ip.code == leaf_frame_.code_and_ip.code &&
         now.code_and_ip.ip == leaf_frame_.code_and_ip.ip;
}

}  // namespace rtprof
