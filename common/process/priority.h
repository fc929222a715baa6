#pragma once

namespace rtprof {

// Raises the priority of this process, where that is permitted, for as long as it lives: while a thread of a
// target is held, whatever delays us delays it.
class HighPriority {
 public:
  explicit HighPriority(bool wanted);
  ~HighPriority();
  HighPriority(const HighPriority&) = delete;
  HighPriority& operator=(const HighPriority&) = delete;

 private:
  int before_ = 0;
  bool raised_ = false;
};

}  // namespace rtprof
