#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "common/base/id_index.h"
#include "common/profile/folded_samples.h"
#include "common/profile/series.h"
#include "report/view.h"

namespace rtprof {

// Paths of displayed frames, without what tells threads apart, as a tree of their beginnings: equal paths are
// one node.
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
// of paths for all threads, and the weights of threads that look the same.
class CallPaths {
 public:
  // View and series outlive it.
  CallPaths(View& view, const Series& series);

  // Calls `use` with each path, root first, and the weight of the samples that end there; in the order of
  // texts, which is depth first.
  void for_each(const std::function<void(std::span<const ShownId> path, int64_t weight)>& use);

 private:
  // Threads that look the same, and what of them is displayed.
  struct Origin {
    std::vector<ShownId> frames;
    std::vector<uint32_t> threads;
  };

  std::vector<Origin> origins();
  uint32_t& node_of(const Sample& sample);

  View& view_;
  Event event_;
  FoldedSamples samples_;
  PathTree tree_;
  std::vector<std::vector<uint32_t>> nodes_;  // of tree_, by reason and stack; 0 where no sample was
};

}  // namespace rtprof
