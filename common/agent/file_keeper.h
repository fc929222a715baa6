#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/base/fd.h"
#include "common/base/result.h"

namespace rtprof {

// Removes files that lie in a target's file system for a moment: also where this program is killed meanwhile.
// A small child process waits for that; it is started before the first of the files is made, and outlives
// this program by the time that the removal takes.
class FileKeeper {
 public:
  struct Files {
    int parent = -1;                 // a directory, open; the caller's
    std::string directory;           // made in it, removed last, never followed as a link; empty: none
    std::vector<std::string> names;  // in that; those that are not there are passed over
  };
  static Result<FileKeeper> start(const Files& files);
  FileKeeper(FileKeeper&& other) noexcept;
  FileKeeper& operator=(FileKeeper&&) = delete;
  ~FileKeeper() { remove(); }

  // Returns when the files are gone.
  void remove();

 private:
  FileKeeper(pid_t child, UniqueFd pipe) : child_(child), pipe_(std::move(pipe)) {}

  pid_t child_;
  UniqueFd pipe_;
};

}  // namespace rtprof
