#include "report/call_paths.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace rtprof {
namespace {

uint64_t hash_of(uint32_t parent, ShownId frame) {
  return mix_bits(uint64_t{parent} << 32 | frame);
}

// By ShownId: its place among all, sorted by text.
std::vector<uint32_t> ranks(const View& view) {
  std::vector<ShownId> sorted(view.shown_count());
  std::iota(sorted.begin(), sorted.end(), 0U);
  std::sort(sorted.begin(), sorted.end(),
            [&](ShownId a, ShownId b) { return view.shown(a).text < view.shown(b).text; });
  std::vector<uint32_t> ranks(sorted.size());
  for (size_t i = 0; i < sorted.size(); ++i) ranks[sorted[i]] = static_cast<uint32_t>(i);
  return ranks;
}

}  // namespace

uint32_t PathTree::insert(std::span<const ShownId> path) {
  uint32_t at = 0;
  for (ShownId frame : path) {
    auto is_it = [&](uint32_t id) { return nodes_[id].parent == at && nodes_[id].frame == frame; };
    auto known = index_.find(hash_of(at, frame), is_it);
    if (!known) {
      known = static_cast<uint32_t>(nodes_.size());
      nodes_.push_back({at, frame});
      index_.add(*known, [this](uint32_t id) { return hash_of(nodes_[id].parent, nodes_[id].frame); });
    }
    at = *known;
  }
  return at;
}

void PathTree::sort(const View& view) {
  index_ = IdIndex();
  std::vector<uint32_t> rank = ranks(view);
  // Siblings together, the last first: so they come off a stack in their order.
  std::vector<uint32_t> siblings(nodes_.size() - 1);
  std::iota(siblings.begin(), siblings.end(), 1U);
  std::sort(siblings.begin(), siblings.end(), [&](uint32_t a, uint32_t b) {
    if (nodes_[a].parent != nodes_[b].parent) return nodes_[a].parent < nodes_[b].parent;
    return rank[nodes_[a].frame] > rank[nodes_[b].frame];
  });
  std::vector<uint32_t> first_child(nodes_.size() + 1);
  for (size_t id = 1; id < nodes_.size(); ++id) ++first_child[nodes_[id].parent + 1];
  std::partial_sum(first_child.begin(), first_child.end(), first_child.begin());

  positions_.resize(nodes_.size());
  std::vector<uint32_t> pending{0};
  while (!pending.empty()) {
    uint32_t id = pending.back();
    pending.pop_back();
    positions_[id] = static_cast<uint32_t>(sorted_.size());
    sorted_.push_back(id);
    pending.insert(pending.end(), siblings.begin() + first_child[id], siblings.begin() + first_child[id + 1]);
  }
}

void PathTree::append_path(uint32_t position, std::vector<ShownId>& path) const {
  auto start = static_cast<ptrdiff_t>(path.size());
  for (uint32_t id = sorted_[position]; id != 0; id = nodes_[id].parent) path.push_back(nodes_[id].frame);
  std::reverse(path.begin() + start, path.end());
}

CallPaths::CallPaths(View& view, const Series& series)
    : view_(view), event_(series.event()), samples_(series), nodes_(view.profile().stack_count()) {
  std::map<std::pair<uint32_t, Reason>, std::vector<ShownId>> origins;
  std::vector<ShownId> path;
  samples_.for_each([&](const Sample& sample) {
    if (!view_.keeps(event_, sample)) return;
    auto [origin, is_new] = origins.try_emplace({sample.thread, sample.reason});
    if (is_new) view_.append_origin(event_, sample, origin->second);
    if (nodes_[sample.stack] != 0) return;
    path.clear();
    view_.append_stack(sample.stack, path);
    nodes_[sample.stack] = tree_.insert(path);
  });
  sort_origins(origins);
  tree_.sort(view);
}

// Threads that look the same have one origin.
void CallPaths::sort_origins(const std::map<std::pair<uint32_t, Reason>, std::vector<ShownId>>& frames) {
  std::map<std::vector<ShownId>, std::vector<std::pair<uint32_t, Reason>>> same;
  for (const auto& [thread, above] : frames) same[above].push_back(thread);
  origins_.reserve(same.size());
  for (auto& [above, threads] : same) origins_.push_back({above, std::move(threads)});
  auto is_before = [this](ShownId a, ShownId b) { return view_.shown(a).text < view_.shown(b).text; };
  std::sort(origins_.begin(), origins_.end(), [&](const Origin& a, const Origin& b) {
    return std::lexicographical_compare(a.frames.begin(), a.frames.end(), b.frames.begin(), b.frames.end(),
                                        is_before);
  });
}

void CallPaths::for_each(const std::function<void(std::span<const ShownId> path, int64_t weight)>& use) {
  std::vector<int64_t> weights(tree_.size());  // by position
  std::vector<uint32_t> met;
  std::vector<ShownId> path;
  for (const Origin& origin : origins_) {
    met.clear();
    for (auto [thread, reason] : origin.threads) {
      samples_.of_thread(thread, [&, wanted = reason](const Sample& sample) {
        if (sample.reason != wanted || !view_.keeps(event_, sample)) return;
        uint32_t position = tree_.position(nodes_[sample.stack]);
        if (weights[position] == 0) met.push_back(position);
        weights[position] += sample.weight;
      });
    }
    std::sort(met.begin(), met.end());
    met.erase(std::unique(met.begin(), met.end()), met.end());
    for (uint32_t position : met) {
      path = origin.frames;
      tree_.append_path(position, path);
      use(path, std::exchange(weights[position], 0));
    }
  }
}

}  // namespace rtprof
