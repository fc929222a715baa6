#include "native/stacks.h"

#include <algorithm>

namespace rtprof::native {
namespace {

constexpr uint32_t kNoBinary = UINT32_MAX;

uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15;
  return hash ^ hash >> 29;
}

}  // namespace

size_t NativeStacks::NodeHash::operator()(const Node& node) const {
  uint64_t where = static_cast<uint64_t>(node.parent) << 32 | node.binary;
  return mix(mix(static_cast<uint64_t>(node.kind), where), node.address);
}

bool NativeStacks::NodeEqual::operator()(const Node& a, const Node& b) const {
  return a.parent == b.parent && a.kind == b.kind && a.binary == b.binary && a.address == b.address;
}

NativeStacks::NativeStacks(std::shared_ptr<const Process> process, std::shared_ptr<Symbolizer> symbolizer,
                           bool lines, std::shared_ptr<RuntimeCode> made)
    : process_(std::move(process)),
      symbolizer_(std::move(symbolizer)),
      lines_(lines),
      made_(std::move(made)),
      nodes_(1) {}

uint32_t NativeStacks::child(const Node& node) {
  auto [found, inserted] = ids_.try_emplace(node, static_cast<uint32_t>(nodes_.size()));
  if (!inserted) return found->second;
  Node added = node;
  added.unknown = node.unknown || nodes_[node.parent].unknown;
  std::lock_guard lock(mutex_);
  nodes_.push_back(added);
  return found->second;
}

uint32_t NativeStacks::child_mark(uint32_t parent, std::string_view text) {
  auto found = std::find(marks_.begin(), marks_.end(), text);
  auto mark = static_cast<uint32_t>(found - marks_.begin());
  if (found == marks_.end()) {
    std::lock_guard lock(mutex_);
    marks_.emplace_back(text);
  }
  return child(
      {.parent = parent, .kind = Kind::kMark, .unknown = text.starts_with("[unknown"), .binary = mark});
}

uint32_t NativeStacks::binary_index(const std::shared_ptr<const Binary>& binary) {
  if (!binary) return kNoBinary;
  auto found = std::find(binaries_.begin(), binaries_.end(), binary);
  auto index = static_cast<uint32_t>(found - binaries_.begin());
  if (found == binaries_.end()) {
    std::lock_guard lock(mutex_);
    binaries_.push_back(binary);
  }
  return index;
}

uint32_t NativeStacks::intern(AddressSpace& space, std::span<const Address> kernel,
                              std::span<const MachineFrame> user, std::span<const std::string_view> marks) {
  uint32_t id = 0;
  for (std::string_view mark : marks) {
    if (!mark.empty()) id = child_mark(id, mark);
  }
  for (auto frame = user.rbegin(); frame != user.rend(); ++frame) {
    if (frame->made != 0) {
      id = child({.parent = id, .kind = Kind::kMade, .address = frame->made});
      continue;
    }
    Node node{.parent = id, .kind = Kind::kUser, .binary = kNoBinary, .address = frame->lookup()};
    if (auto place = space.find(frame->lookup())) {
      node.binary = binary_index(place->binary);
      node.address = place->address;
    }
    id = child(node);
  }
  for (auto pc = kernel.rbegin(); pc != kernel.rend(); ++pc)
    id = child({.parent = id, .kind = Kind::kKernel, .address = *pc});
  return id;
}

std::vector<NativeStacks::Step> NativeStacks::steps_of(uint32_t id) {
  std::lock_guard lock(mutex_);
  std::vector<Step> steps;
  for (; id != 0; id = nodes_[id].parent) {
    const Node& node = nodes_[id];
    Step step{.kind = node.kind, .place = {nullptr, node.address}};
    if (node.kind == Kind::kMark) step.mark = marks_[node.binary];
    if (node.kind == Kind::kUser && node.binary != kNoBinary) step.place.binary = binaries_[node.binary];
    steps.push_back(std::move(step));
  }
  return steps;
}

void NativeStacks::append_frames(const Step& step, Profile& profile, std::vector<FrameId>& leaf_first) {
  if (step.kind == Kind::kMark) {
    Frame mark;
    mark.function = profile.intern(step.mark);
    leaf_first.push_back(profile.intern(mark));
  } else if (step.kind == Kind::kMade) {
    made_->name(static_cast<uint32_t>(step.place.address), profile, leaf_first);
  } else if (step.kind == Kind::kKernel) {
    leaf_first.push_back(symbolizer_->kernel_frame(step.place.address, profile));
  } else {
    symbolizer_->frames(step.place, *process_, lines_, profile, leaf_first);
  }
}

void NativeStacks::name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) {
  // Looking symbols up takes long, so that it is done without the lock.
  std::vector<Step> steps = steps_of(static_cast<uint32_t>(stack));
  std::vector<FrameId> leaf_first;
  for (const Step& step : steps) append_frames(step, profile, leaf_first);
  root_first.insert(root_first.end(), leaf_first.rbegin(), leaf_first.rend());
}

size_t NativeStacks::memory_use() const {
  constexpr size_t kHashNode = 48;
  return nodes_.size() * (2 * sizeof(Node) + kHashNode);
}

}  // namespace rtprof::native
