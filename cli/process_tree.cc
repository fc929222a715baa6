#include "cli/process_tree.h"

#include <algorithm>

namespace rtprof::cli {
namespace {

// An interpreter that starts is ready after a few scans; what is not recognised then will not be.
constexpr int kMostOffers = 20;

}  // namespace

void ProcessTree::add_root(pid_t root, bool taken) {
  if (auto process = Process::try_open(root)) members_.emplace(root, Member{std::move(*process), taken});
}

void ProcessTree::look_at(pid_t pid, const Offer& offer) {
  auto known = members_.find(pid);
  if (known != members_.end()) {
    Member& member = known->second;
    bool same = member.process.alive() && !member.process.has_execed();
    if (same && (member.taken || member.offers >= kMostOffers)) return;
    if (same) {
      ++member.offers;
      member.taken = offer(member.process);
      return;
    }
    members_.erase(known);
  }
  auto process = Process::try_open(pid);
  if (!process) return;
  bool taken = offer(*process);
  members_.emplace(pid, Member{std::move(*process), taken});
}

void ProcessTree::scan(const Offer& offer) {
  std::erase_if(members_, [](const auto& entry) { return !entry.second.process.alive(); });
  std::vector<pid_t> pids;
  for (const auto& [pid, member] : members_) pids.push_back(pid);
  // Children are found in the same scan as their parents.
  for (size_t i = 0; i < pids.size(); ++i) {
    look_at(pids[i], offer);
    auto member = members_.find(pids[i]);
    if (member == members_.end()) continue;
    for (pid_t child : member->second.process.children()) {
      if (std::find(pids.begin(), pids.end(), child) == pids.end()) pids.push_back(child);
    }
  }
}

bool ProcessTree::any_alive() const {
  return std::any_of(members_.begin(), members_.end(),
                     [](const auto& entry) { return entry.second.process.alive(); });
}

}  // namespace rtprof::cli
