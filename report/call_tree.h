#pragma once

#include <cstdint>
#include <vector>

#include "common/profile/series.h"
#include "report/view.h"

namespace rtprof {

// One event's samples as a tree of displayed frames: equal call paths are one node.
class CallTree {
 public:
  using NodeId = uint32_t;
  static constexpr NodeId kRoot = 0;  // displays no frame

  struct Node {
    ShownId frame = 0;
    NodeId parent = kRoot;
    int64_t self = 0;   // weight of the samples that end here
    int64_t total = 0;  // with everything below
    std::vector<NodeId> children;
  };

  CallTree(View& view, const Series& series);

  const Node& node(NodeId id) const { return nodes_[id]; }
  size_t size() const { return nodes_.size(); }  // with the root
  // Sorted by text.
  const std::vector<NodeId>& children(NodeId id) const { return nodes_[id].children; }
  bool empty() const { return nodes_[kRoot].total == 0; }

  // Rounds every self weight to whole units, in depth-first order, and adds up the totals anew.
  void round(UnitRounder rounder);

 private:
  NodeId child(NodeId parent, ShownId frame);
  void add_up();

  std::vector<Node> nodes_;  // parents before children
  std::unordered_map<uint64_t, NodeId> ids_;
};

}  // namespace rtprof
