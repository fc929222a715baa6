#pragma once

#include <sys/types.h>

#include <utility>

#include "common/base/fd.h"
#include "common/base/result.h"

namespace rtprof {

// A small child process that acts when this object is gone, also where this program is killed. It is started
// before what it undoes, outlives this program by the time that takes, and can do no more than its user.
class Keeper {
 public:
  struct Role {
    const char* name = "";     // of the process: none that somebody kills who kills rtprof by its name
    const char* purpose = "";  // for errors: "remove files"
    int directory = -1;        // open; the caller's
    uid_t user = 0;
    gid_t group = 0;
  };
  // Acts on `subject`, with the role's directory as its working directory and its descriptor kDirectory. In
  // the child of a program with several threads: system calls only, and nothing that allocates.
  using Act = void (*)(const void* subject);
  static constexpr int kDirectory = 1;

  static Result<Keeper> start(const Role& role, Act act, const void* subject);
  Keeper(Keeper&& other) noexcept;
  Keeper& operator=(Keeper&&) = delete;
  ~Keeper() { finish(); }

  // Returns when it has acted.
  void finish();

 private:
  Keeper(pid_t child, UniqueFd socket) : child_(child), socket_(std::move(socket)) {}

  pid_t child_;
  UniqueFd socket_;
};

}  // namespace rtprof
