#include "report/collapsed.h"

#include <fmt/format.h>

#include "report/call_tree.h"

namespace rtprof {

std::string render_collapsed(View& view, const Series& series) {
  CallTree tree(view, series);
  tree.round(UnitRounder(view.profile(), series.event(), view.options()));

  struct Pending {
    CallTree::NodeId node;
    size_t prefix;  // length of the path above it
  };
  std::string out;
  std::string path;
  std::vector<Pending> pending{{CallTree::kRoot, 0}};
  while (!pending.empty()) {
    auto [id, prefix] = pending.back();
    pending.pop_back();
    const CallTree::Node& node = tree.node(id);
    path.resize(prefix);
    if (id != CallTree::kRoot) {
      if (!path.empty()) path += ';';
      path += view.shown(node.frame).text;
      if (node.self > 0) fmt::format_to(std::back_inserter(out), "{} {}\n", path, node.self);
    }
    for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) {
      pending.push_back({*child, path.size()});
    }
  }
  return out;
}

}  // namespace rtprof
