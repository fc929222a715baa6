#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/base/fd.h"
#include "common/base/result.h"

namespace rtprof {

// Removes files that lie in a target's file system for a moment: also where this program is killed meanwhile.
// A small child process waits for that; it is started before the first of the files is made, and outlives
// this program by the time that the removal takes. It acts as the user whose files they are, and cannot
// remove what that user could not.
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
  FileKeeper(FileKeeper&& other) noexcept;
  FileKeeper& operator=(FileKeeper&&) = delete;
  ~FileKeeper() { remove(); }

  // Returns when the files are gone. A lock of the caller's own has to be given up before.
  void remove();

 private:
  FileKeeper(pid_t child, UniqueFd socket) : child_(child), socket_(std::move(socket)) {}

  pid_t child_;
  UniqueFd socket_;
};

}  // namespace rtprof
