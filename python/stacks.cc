#include "python/stacks.h"

#include <algorithm>

#include "python/line_table.h"

namespace rtprof {
namespace {

constexpr int32_t kLineNotKnown = -1;
// Versions from here on are marks: the index of their text.
constexpr uint32_t kFirstMark = 0x80000000;
constexpr uint32_t kUnreadable = 0;  // CodeCache's version of what could not be read

constexpr std::string_view end_text(StackEnd end) {
  switch (end) {
    case StackEnd::kComplete:
      return {};
    case StackEnd::kTruncated:
      return "[truncated]";
    case StackEnd::kPageNotResident:
      return "[unknown: page not resident]";
    case StackEnd::kReadError:
      return "[unknown: read error]";
    case StackEnd::kChanged:
      return "[unknown: stack changed while read]";
    case StackEnd::kThreadGone:
      return "[unknown: thread gone]";
  }
  return {};
}

uint64_t hash_of(uint32_t parent, uint32_t version, int32_t offset) {
  return mix_bits(mix_bits(static_cast<uint64_t>(parent) << 32 | version) + static_cast<uint32_t>(offset));
}

}  // namespace

PythonStacks::PythonStacks(const Memory& memory, const PythonProcess& python,
                           const std::string& process_directory)
    : line_table_(python.layout.line_table),
      none_(python.none),
      codes_(memory, python.layout, python.code_type),
      nodes_(1),
      short_paths_(process_directory) {}

void PythonStacks::begin_batch() {
  codes_.begin_batch();
}

void PythonStacks::check_codes(std::span<const rt_py_frame> frames) {
  due_.clear();
  for (const rt_py_frame& frame : frames) {
    if (frame.code != 0 && frame.code != none_ && !codes_.checked(frame.code)) due_.push_back(frame.code);
  }
  if (due_.empty()) return;
  std::lock_guard lock(mutex_);
  codes_.check(due_);
}

uint32_t PythonStacks::intern(std::span<const rt_py_frame> leaf_first, StackEnd end) {
  check_codes(leaf_first);
  uint32_t id = 0;
  if (end != StackEnd::kComplete) id = child_mark(0, end_text(end), end != StackEnd::kTruncated);
  for (auto frame = leaf_first.rbegin(); frame != leaf_first.rend(); ++frame) {
    if (frame->code == 0 || frame->code == none_) continue;
    CodeVersion version = codes_.version_of(frame->code);
    if (codes_.info(version)->init_shim) continue;
    id = child(id, version, codes_.offset_of(version, frame->ip), version == kUnreadable);
  }
  return id;
}

uint32_t PythonStacks::marker(std::string_view text) {
  return child_mark(0, text, text.starts_with("[unknown"));
}

uint32_t PythonStacks::revalidate(uint32_t id) {
  std::vector<uint32_t> path;  // leaf first
  due_.clear();
  for (uint32_t at = id; at != 0; at = nodes_[at].parent) {
    path.push_back(at);
    CodeVersion version = nodes_[at].version;
    if (version < kFirstMark && version != kUnreadable) due_.push_back(codes_.info(version)->address);
  }
  {
    std::lock_guard lock(mutex_);
    codes_.check(due_);
  }
  uint32_t now = 0;
  for (auto at = path.rbegin(); at != path.rend(); ++at) {
    Node node = nodes_[*at];
    bool is_code = node.version < kFirstMark && node.version != kUnreadable;
    CodeVersion version = is_code ? codes_.version_of(codes_.info(node.version)->address) : node.version;
    bool unknown = version == kUnreadable || (node.parent == 0 && node.unknown);
    now = child(now, version, node.offset, unknown);
  }
  return now;
}

uint32_t PythonStacks::child_mark(uint32_t parent, std::string_view text, bool unknown) {
  auto found = std::find(marks_.begin(), marks_.end(), text);
  auto mark = static_cast<uint32_t>(found - marks_.begin());
  if (found == marks_.end()) {
    std::lock_guard lock(mutex_);
    marks_.emplace_back(text);
  }
  return child(parent, kFirstMark + mark, 0, unknown);
}

uint32_t PythonStacks::child(uint32_t parent, CodeVersion version, int32_t offset, bool unknown) {
  auto is_it = [&](uint32_t id) {
    const Node& node = nodes_[id];
    return node.parent == parent && node.version == version && node.offset == offset;
  };
  if (auto known = index_.find(hash_of(parent, version, offset), is_it)) return *known;
  auto id = static_cast<uint32_t>(nodes_.size());
  {
    std::lock_guard lock(mutex_);
    nodes_.push_back({parent, version, offset, unknown || nodes_[parent].unknown});
  }
  index_.add(id, [this](uint32_t each) {
    const Node& node = nodes_[each];
    return hash_of(node.parent, node.version, node.offset);
  });
  return id;
}

size_t PythonStacks::memory_use() const {
  return nodes_.capacity() * sizeof(Node) + index_.memory_use() + nodes_.size() * sizeof(int32_t) +
         codes_.memory_use();
}

std::vector<PythonStacks::Step> PythonStacks::steps_of(uint32_t id) {
  std::vector<Step> steps;
  std::lock_guard lock(mutex_);
  if (id >= nodes_.size()) return steps;
  for (; id != 0; id = nodes_[id].parent) {
    const Node& node = nodes_[id];
    if (node.version >= kFirstMark) {
      steps.push_back({id, node.version, 0, nullptr, marks_[node.version - kFirstMark]});
    } else {
      steps.push_back({id, node.version, node.offset, codes_.info(node.version), {}});
    }
  }
  return steps;
}

int32_t PythonStacks::line_of_node(const Step& step) {
  if (lines_.size() <= step.node) lines_.resize(step.node + 1, kLineNotKnown);
  int32_t& line = lines_[step.node];
  if (line == kLineNotKnown) {
    const std::string& table = step.code->line_table;
    std::span bytes(reinterpret_cast<const uint8_t*>(table.data()), table.size());
    line = line_of(line_table_, bytes, step.code->first_line, step.offset);
  }
  return line;
}

FrameId PythonStacks::frame_of(const Step& step, Profile& profile) {
  Frame frame;
  if (step.code == nullptr) {
    frame.function = profile.intern(step.mark);
    return profile.intern(frame);
  }
  if (!step.code->problem.empty()) return profile.unknown_frame(step.code->problem);
  frame.kind = FrameKind::kPython;
  frame.function = profile.intern(step.code->name);
  frame.file = profile.intern(step.code->file);
  frame.short_file = profile.intern(short_paths_.shorten(step.code->file));
  frame.line = line_of_node(step);
  frame.start_line = step.code->first_line;
  return profile.intern(frame);
}

void PythonStacks::name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) {
  std::vector<Step> steps = steps_of(static_cast<uint32_t>(stack));
  for (auto step = steps.rbegin(); step != steps.rend(); ++step)
    root_first.push_back(frame_of(*step, profile));
}

}  // namespace rtprof
