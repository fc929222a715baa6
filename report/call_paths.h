#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "common/base/id_index.h"
#include "common/profile/folded_samples.h"
#include "common/profile/series.h"
#include "report/view.h"

namespace rtprof {

// Stacks of displayed frames as a tree: those that look the same are one node.
class PathTree {
 public:
  PathTree() : nodes_(1) {}

  // The node of a path.
  uint32_t insert(std::span<const ShownId> path);
  // Gives every node its position, in the order of the paths' texts. Call once all paths are inserted.
  void sort(const View& view);
  uint32_t position(uint32_t node) const { return positions_[node]; }
  void append_path(uint32_t position, std::vector<ShownId>& path) const;
  size_t size() const { return nodes_.size(); }

 private:
  struct Node {
    uint32_t parent = 0;
    ShownId frame = 0;
  };

  std::vector<Node> nodes_;  // the first is the empty path; parents before children
  IdIndex index_;
  std::vector<uint32_t> positions_;  // by node
  std::vector<uint32_t> sorted_;     // nodes by position
};

// One event's samples by displayed paths. Those of all threads are never held together: in memory is one tree
// of stacks for all of them, and the weights below one origin.
class CallPaths {
 public:
  // View and series outlive it.
  CallPaths(View& view, const Series& series);

  // Calls `use` with each path, root first, and the weight of the samples that end there. They are depth
  // first and in the order of their texts; those without a reason come before those with one.
  void for_each(const std::function<void(std::span<const ShownId> path, int64_t weight)>& use);

 private:
  // What is displayed above stacks, and whose they are.
  struct Origin {
    std::vector<ShownId> frames;
    std::vector<std::pair<uint32_t, Reason>> threads;
  };

  void sort_origins(const std::map<std::pair<uint32_t, Reason>, std::vector<ShownId>>& frames);

  View& view_;
  Event event_;
  FoldedSamples samples_;
  PathTree tree_;
  std::vector<uint32_t> nodes_;  // of the tree, by stack; 0 where no sample was
  std::vector<Origin> origins_;  // sorted
};

}  // namespace rtprof
