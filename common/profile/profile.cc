#include "common/profile/profile.h"

#include <fmt/core.h>

#include <algorithm>

namespace rtprof {
namespace {

uint64_t pair_key(uint32_t high, uint32_t low) {
  return uint64_t{high} << 32 | low;
}

}  // namespace

size_t Profile::FrameHash::operator()(const Frame& frame) const {
  uint64_t hash = mix_bits(pair_key(frame.function, frame.file));
  hash =
      mix_bits(hash ^ pair_key(static_cast<uint32_t>(frame.line), static_cast<uint32_t>(frame.start_line)));
  hash = mix_bits(hash ^ pair_key(frame.short_file, frame.module));
  hash = mix_bits(hash ^ pair_key(static_cast<uint32_t>(frame.kind), static_cast<uint32_t>(frame.mark)));
  return hash;
}

Profile::Profile() {
  intern("");
  stacks_.push_back({0, 0});
}

StringId Profile::intern(std::string_view text) {
  if (auto known = string_ids_.find(text); known != string_ids_.end()) return known->second;
  strings_.emplace_back(text);
  auto id = static_cast<StringId>(strings_.size() - 1);
  string_ids_.emplace(strings_.back(), id);
  return id;
}

FrameId Profile::intern(const Frame& frame) {
  auto [known, is_new] = frame_ids_.try_emplace(frame, static_cast<FrameId>(frames_.size()));
  if (is_new) frames_.push_back(frame);
  return known->second;
}

StackId Profile::push(StackId callers, FrameId frame) {
  auto hash_of = [this](StackId id) { return mix_bits(pair_key(stacks_[id].parent, stacks_[id].frame)); };
  auto is_it = [&](StackId id) { return stacks_[id].parent == callers && stacks_[id].frame == frame; };
  if (auto known = stack_ids_.find(mix_bits(pair_key(callers, frame)), is_it)) return *known;
  auto id = static_cast<StackId>(stacks_.size());
  stacks_.push_back({callers, frame});
  stack_ids_.add(id, hash_of);
  return id;
}

StackId Profile::push(StackId callers, std::span<const FrameId> root_first) {
  for (FrameId frame : root_first) callers = push(callers, frame);
  return callers;
}

std::vector<FrameId> Profile::frames_of(StackId stack) const {
  std::vector<FrameId> frames;
  for (; stack != 0; stack = stacks_[stack].parent) frames.push_back(stacks_[stack].frame);
  std::reverse(frames.begin(), frames.end());
  return frames;
}

FrameId Profile::unknown_frame(std::string_view reason) {
  Frame frame;
  frame.function = intern(fmt::format("[unknown: {}]", reason));
  return intern(frame);
}

uint32_t Profile::thread_index(int32_t pid, int32_t tid) {
  uint64_t key = pair_key(static_cast<uint32_t>(pid), static_cast<uint32_t>(tid));
  auto [known, is_new] = thread_ids_.try_emplace(key, static_cast<uint32_t>(threads_.size()));
  if (is_new) threads_.push_back({pid, tid, {}});
  return known->second;
}

void Profile::set_thread_name(int32_t pid, int32_t tid, std::string_view name) {
  threads_[thread_index(pid, tid)].name = name;
}

Series& Profile::series(Event event) {
  auto found =
      std::find_if(series_.begin(), series_.end(), [&](const Series& s) { return s.event() == event; });
  if (found != series_.end()) return *found;
  return series_.emplace_back(event);
}

size_t Profile::memory_use() const {
  size_t bytes = stacks_.capacity() * sizeof(StackNode) + stack_ids_.memory_use() +
                 frames_.size() * (2 * sizeof(Frame) + 32);
  for (const std::string& text : strings_) bytes += text.size() + 80;
  for (const Series& series : series_) bytes += series.memory_use();
  return bytes;
}

}  // namespace rtprof
