#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace rtprof::cli {

// A program that rtprof has started. It is left running if this is destroyed before it ended.
class Child {
 public:
  // Throws Error when the program cannot be executed.
  explicit Child(const std::vector<std::string>& command);

  pid_t pid() const { return pid_; }
  // True when it has ended; it stays a zombie until wait().
  bool ended() const;
  // Waits for its end. Returns its exit status as a shell does: 128 + N when a signal N ended it.
  int wait();

 private:
  pid_t pid_;
};

}  // namespace rtprof::cli
