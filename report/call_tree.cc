#include "report/call_tree.h"

#include <algorithm>

namespace rtprof {

CallTree::CallTree(View& view, const Series& series) {
  nodes_.emplace_back();
  std::vector<ShownId> frames;
  fold_in_time(series.samples(), [&](const Sample& sample) {
    if (!view.compose(series.event(), sample, frames)) return;
    NodeId at = kRoot;
    for (ShownId frame : frames) at = child(at, frame);
    nodes_[at].self += sample.weight;
  });
  for (Node& node : nodes_) {
    std::sort(node.children.begin(), node.children.end(), [&](NodeId a, NodeId b) {
      return view.shown(nodes_[a].frame).text < view.shown(nodes_[b].frame).text;
    });
  }
  add_up();
}

CallTree::NodeId CallTree::child(NodeId parent, ShownId frame) {
  auto [known, is_new] = ids_.try_emplace(uint64_t{parent} << 32 | frame, static_cast<NodeId>(nodes_.size()));
  if (is_new) {
    nodes_.push_back({frame, parent, 0, 0, {}});
    nodes_[parent].children.push_back(known->second);
  }
  return known->second;
}

void CallTree::add_up() {
  for (Node& node : nodes_) node.total = node.self;
  for (NodeId id = static_cast<NodeId>(nodes_.size()) - 1; id > kRoot; --id) {
    nodes_[nodes_[id].parent].total += nodes_[id].total;
  }
}

void CallTree::round(UnitRounder rounder) {
  std::vector<NodeId> pending{kRoot};
  while (!pending.empty()) {
    NodeId id = pending.back();
    pending.pop_back();
    nodes_[id].self = rounder.units(nodes_[id].self);
    const std::vector<NodeId>& children = nodes_[id].children;
    pending.insert(pending.end(), children.rbegin(), children.rend());
  }
  add_up();
}

}  // namespace rtprof
