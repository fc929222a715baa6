// What C++ programs do: maps, sorting, regular expressions, recursion, callbacks through libc. Some ten to
// sixty frames.
//
// usage: cpp_load THREADS [COUNTERS]     each thread counts its turns in a word of the file
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "counters.h"

namespace {

struct Node {
  std::string name;
  std::map<std::string, std::unique_ptr<Node>> children;
};

class Load {
 public:
  explicit Load(unsigned seed) : random_(seed) {}

  void turn() {
    Node root{"root", {}};
    grow(root, 20);
    visit(root, [this](const Node& node) { names_.push_back(node.name); });
    sort_names();
    match_names();
    names_.clear();
  }

 private:
  std::string name() { return "n" + std::to_string(random_() % 100000); }

  void grow(Node& node, int depth) {
    if (depth == 0) return;
    for (int i = depth % 5 == 0 ? 2 : 1; i > 0; --i) {
      std::string name = this->name();
      auto& child = node.children[name];
      child = std::make_unique<Node>(Node{name, {}});
      grow(*child, depth - 1);
    }
  }

  static void visit(const Node& node, const std::function<void(const Node&)>& visitor) {
    for (const auto& [name, child] : node.children) visit(*child, visitor);
    visitor(node);
  }

  static int compare(const void* left, const void* right) {
    const auto& first = **static_cast<const std::string* const*>(left);
    const auto& second = **static_cast<const std::string* const*>(right);
    return first.compare(second);
  }

  void sort_names() {
    std::vector<const std::string*> pointers;
    for (const std::string& name : names_) pointers.push_back(&name);
    std::qsort(pointers.data(), pointers.size(), sizeof(void*), compare);
    std::sort(names_.begin(), names_.end(), [](const auto& left, const auto& right) { return right < left; });
  }

  void match_names() {
    size_t most = std::min<size_t>(names_.size(), 20);
    for (size_t i = 0; i < most; ++i) matches_ += std::regex_match(names_[i], pattern_) ? 1 : 0;
  }

  std::minstd_rand random_;
  std::regex pattern_{"n(1|2|3)+[0-9]*(0|5)"};
  std::vector<std::string> names_;
  size_t matches_ = 0;
};

void work(uint64_t* turns, unsigned seed) {
  Load load(seed);
  for (;;) {
    load.turn();
    count_one(turns);
  }
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) return 2;
  auto threads = static_cast<size_t>(std::atoi(words[1]));
  uint64_t* turns = map_counters(count > 2 ? words[2] : nullptr, threads);
  for (size_t i = 1; i < threads; ++i) std::thread(work, &turns[i], i + 1).detach();
  say_ready();
  work(turns, 1);
}
