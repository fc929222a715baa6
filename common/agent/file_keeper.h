#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "common/agent/keeper.h"
#include "common/base/result.h"

namespace rtprof {

// Removes files that lie in a target's file system for a moment: also where this program is killed meanwhile.
// A Keeper waits for that; it is started before the first of the files is made. It acts as the user whose
// files they are, and cannot remove what that user could not.
class FileKeeper {
 public:
  struct Files {
    int parent = -1;  // a directory, open; the caller's
    // Made in it, removed last, never followed as a link, and left alone while another process has a lock on
    // it; empty: none.
    std::string directory;
    std::vector<std::string> names;  // in that; those that are not there, or not of `user`, are passed over
    uid_t user = 0;
    gid_t group = 0;
    // The files are kept until there is one of this name, too, for a second at most; empty: none.
    std::string awaited = {};
  };
  static Result<FileKeeper> start(const Files& files);

  // Returns when the files are gone. A lock of the caller's own has to be given up before.
  void remove() { keeper_.finish(); }

 private:
  explicit FileKeeper(Keeper keeper) : keeper_(std::move(keeper)) {}

  Keeper keeper_;
};

}  // namespace rtprof
