#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "common/agent/keeper.h"
#include "common/base/result.h"

namespace rtprof::jvm {

// Says one command to a JVM's attach listener at the end, also where this program is killed: a Keeper
// waits for that. It is started before what the command undoes, and acts as the JVM's user.
class JfrKeeper {
 public:
  struct Command {
    int directory = -1;  // where the listener's socket is, open; the caller's
    std::string socket;  // its name there
    pid_t pid = 0;       // whose socket it has to be
    std::string request;
    uid_t user = 0;
    gid_t group = 0;
  };
  static Result<JfrKeeper> start(const Command& command);

  // Returns when the command was answered, or the JVM does not answer for seconds.
  void finish() { keeper_.finish(); }

 private:
  explicit JfrKeeper(Keeper keeper) : keeper_(std::move(keeper)) {}

  Keeper keeper_;
};

}  // namespace rtprof::jvm
