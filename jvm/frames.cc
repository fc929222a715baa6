#include "jvm/frames.h"

#include <functional>

namespace rtprof::jvm {
namespace {

// Where HotSpot's own code is shown to be from.
constexpr std::string_view kModule = "[code cache]";

}  // namespace

uint64_t Frames::hash_of(const Node& node) {
  uint64_t place = uint64_t{node.caller} << 32 | node.name;
  uint64_t rest = uint64_t{static_cast<uint32_t>(node.line)} << 32 | static_cast<uint64_t>(node.kind) << 8 |
                  static_cast<uint64_t>(node.mark);
  return mix_bits(mix_bits(place) ^ rest);
}

uint64_t Frames::hash_of(std::string_view name) {
  return mix_bits(std::hash<std::string_view>()(name));
}

std::optional<uint32_t> Frames::find(const Node& node) const {
  return node_ids_.find(hash_of(node), [&](uint32_t id) { return nodes_[id] == node; });
}

std::optional<uint32_t> Frames::find(std::string_view name) const {
  return name_ids_.find(hash_of(name), [&](uint32_t id) { return names_[id] == name; });
}

uint32_t Frames::intern(std::string_view name) {
  if (auto known = find(name)) return *known;
  auto id = static_cast<uint32_t>(names_.size());
  {
    std::lock_guard lock(mutex_);
    names_.emplace_back(name);
  }
  name_bytes_ += name.size();
  name_ids_.add(id, [this](uint32_t each) { return hash_of(std::string_view(names_[each])); });
  return id;
}

uint32_t Frames::child(uint32_t caller, FrameKind kind, const Part& part) {
  Node node{caller, intern(part.name), part.line, kind, part.mark};
  if (auto known = find(node)) return *known;
  auto id = static_cast<uint32_t>(nodes_.size());
  {
    std::lock_guard lock(mutex_);
    nodes_.push_back(node);
  }
  node_ids_.add(id, [this](uint32_t each) { return hash_of(nodes_[each]); });
  return id;
}

std::optional<uint32_t> Frames::java(std::span<const Part> leaf_first) {
  uint32_t id = 0;
  for (auto each = leaf_first.rbegin(); each != leaf_first.rend(); ++each) {
    const Part& part = *each;
    if (memory_use() < most_bytes_) {
      id = child(id, FrameKind::kJava, part);
      continue;
    }
    auto name = find(part.name);
    auto known = name ? find(Node{id, *name, part.line, FrameKind::kJava, part.mark}) : std::nullopt;
    if (!known) return std::nullopt;
    id = *known;
  }
  return id;
}

void Frames::name(uint32_t id, Profile& profile, std::vector<FrameId>& leaf_first) {
  std::lock_guard lock(mutex_);
  for (; id != 0; id = nodes_[id].caller) {
    const Node& node = nodes_[id];
    Frame named{.kind = node.kind, .mark = node.mark, .function = profile.intern(names_[node.name])};
    named.line = node.line;
    if (node.kind == FrameKind::kNative) named.module = profile.intern(kModule);
    leaf_first.push_back(profile.intern(named));
  }
}

size_t Frames::memory_use() const {
  return nodes_.size() * sizeof(Node) + node_ids_.memory_use() + names_.size() * sizeof(std::string) +
         name_ids_.memory_use() + name_bytes_;
}

}  // namespace rtprof::jvm
